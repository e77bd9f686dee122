"""What `make bench` measures: each figure as a ratio to a ceiling taken in the same run. Wiring-level, like the CLI."""
