"""The mail server: the only use of smtplib."""
