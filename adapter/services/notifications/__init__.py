"""Notifications to declarants: their inbox, e-mails, and addresses for them."""
