"""The second door and the lookup over HTTP: who calls, what is asked, what is answered. Decides nothing."""
