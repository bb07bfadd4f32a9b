"""What the screen of writers and settings says, without Textual's widgets: `document` puts it into lines."""
