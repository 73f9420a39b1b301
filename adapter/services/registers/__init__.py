"""The registers: certificates, suspended accounts, authorisations, and what expires."""
