"""The demo, a chapter a file."""
