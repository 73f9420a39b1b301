"""Real processes that are killed, and the scene in which that happens: broker, database, configuration, messages."""
