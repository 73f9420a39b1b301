"""The only users of SQLAlchemy, pika and the network: one module per thing outside. They decide nothing."""
