"""The window's mode, deadlines, alerts and public information, as the clock observes them."""
