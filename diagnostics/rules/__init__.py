"""The rule engine: Sigma documents with a `diagnosis:` block, matched against events."""
