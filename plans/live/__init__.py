"""Live tracking: documents in, tracked quantities out."""
