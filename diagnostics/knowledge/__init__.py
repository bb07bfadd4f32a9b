"""What is known of causes, remedies, codes, events, updates and exports, as data, and the loaders that check it."""
