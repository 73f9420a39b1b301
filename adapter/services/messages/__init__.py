"""Receiving messages: judge them, store them with their dossiers, keep those that wait or are parked."""
