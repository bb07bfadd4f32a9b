"""What Windows and DPM would have logged about what happens in the engine, as the files that they would have left."""
