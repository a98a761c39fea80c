"""The process that owns bench and engine; the window talks to it."""
