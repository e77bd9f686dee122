"""One small package per way to reach a person. Pure parsing and verifying; sending is the only I/O, and no database."""
