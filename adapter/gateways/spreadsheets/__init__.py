"""Spreadsheets: files of users, read in a process of its own with bounded memory and time; and templates for them."""
