"""What the timeline shows, without Textual: `model` decides which lines there are, `lines` what each says."""
