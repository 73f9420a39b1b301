"""Pages that every area of the staff's listener has in common."""
