"""What to do about a message: pure decisions, each with its reason. No I/O, and nothing of channels, store or web."""
