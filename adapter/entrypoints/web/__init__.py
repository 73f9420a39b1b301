"""The web: portal and staff pages and the HTTP interface. Decides nothing."""
