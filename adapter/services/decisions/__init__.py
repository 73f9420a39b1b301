"""Use cases of a process without keys: asked of the part that decides, over a Unix socket."""
