"""The only users of SQLAlchemy, pika and the network: one module for each outside system. They decide nothing."""
