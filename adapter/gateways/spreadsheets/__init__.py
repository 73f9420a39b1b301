"""Spreadsheet files of strangers, read in a process of its own with bounded memory and time; and templates for them."""
