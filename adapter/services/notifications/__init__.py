"""What declarants are told: notifications in their inbox, e-mails, the addresses for them."""
