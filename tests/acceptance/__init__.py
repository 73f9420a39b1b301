"""The whole adapter as a process of its own, on real servers, seen from outside."""
