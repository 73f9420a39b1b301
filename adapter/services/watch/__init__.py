"""What is watched by the clock: the window's mode and deadlines."""
