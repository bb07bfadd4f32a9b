"""Commands beside `diagnose`: one module each, imported by its group when it is asked for."""
