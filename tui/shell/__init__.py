"""What the commands of `shindan` share: how they end, what they show meanwhile, and what they are told in files."""
