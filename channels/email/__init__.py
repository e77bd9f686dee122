"""Email: mail in, read into events; mail out, through a relay."""
