"""What a person sees: the umbrella command."""
