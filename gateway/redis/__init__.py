"""What goes over Redis: hints, rates, counts, who is alive. Redis may lose all of it at any moment."""
