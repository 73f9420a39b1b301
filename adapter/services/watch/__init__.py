"""What is watched by the clock, the window's mode and deadlines, and what the public is told of it."""
