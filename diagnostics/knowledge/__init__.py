"""What is known of causes, remedies and codes, as data, and the loaders that check it."""
