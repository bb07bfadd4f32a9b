"""What happened: exported logs in, events, graph, localized fault and report out."""
