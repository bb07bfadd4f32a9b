"""A module for each screen, imported when somebody goes there: see `tui.actions.PLACES`."""
