"""Replies: written, signed, sent."""
