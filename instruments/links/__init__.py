"""One managed connection per physical port."""
