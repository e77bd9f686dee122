"""What agents do: read conversations, answer, note, and carry cases. The screens themselves are `gateway.web.pages`."""
