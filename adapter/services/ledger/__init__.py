"""What one transaction writes: dossiers, replies, deadlines and journal, decided first and written together."""
