"""The bench behind a bluesky-queueserver."""
