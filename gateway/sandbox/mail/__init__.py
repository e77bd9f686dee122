"""The mail of the world outside: a relay that takes everything in, and customers who write and answer."""
