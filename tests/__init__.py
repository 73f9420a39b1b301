"""Everything that proves the adapter: tests by kind, private servers, the demonstration and the benchmark."""
