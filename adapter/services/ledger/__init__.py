"""The rows of one transaction: dossiers, replies, deadlines and journal, collected first and written together."""
