"""The commands of `shindan` that work on repositories: one file each."""
