"""Files that people edit: read safely (`documents`) and typed (`schema`); what is wrong with them has a place."""
