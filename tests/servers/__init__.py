"""Private RabbitMQ and PostgreSQL instances for tests, demonstration and benchmark; never a system service."""
