"""From the model's judgement to the verdict: composed of the catalogs' words, the arithmetic and the next steps."""
