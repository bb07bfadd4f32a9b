"""What Shindan knows, for people."""
