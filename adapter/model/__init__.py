"""The field's words as frozen values. Imports nothing of ours but itself and does no I/O."""
