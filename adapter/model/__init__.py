"""The terms of the field as frozen values. Imports nothing outside this folder and does no I/O."""
