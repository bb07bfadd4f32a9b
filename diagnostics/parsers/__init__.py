"""One file per log format; each turns a document into events. No parser knows a rule."""
