"""Does the suite notice? The program is changed in one place at a time, and tests that run that place must fail."""
