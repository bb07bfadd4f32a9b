"""Commands beside `diagnose`."""
