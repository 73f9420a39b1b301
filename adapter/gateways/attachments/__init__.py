"""Attached files: read in a process of its own with bounded memory and time, before anybody opens them."""
