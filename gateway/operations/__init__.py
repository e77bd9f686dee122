"""What operations do: look, repair, keep, forget. What agents do is `gateway.desk`'s."""
