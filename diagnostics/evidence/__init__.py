"""Opening what a person handed in: files, encodings, inventory, clocks. Knows no log format's meaning."""
