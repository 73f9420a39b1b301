"""What a process without keys has decided for it: the same use cases, asked over a local line."""
