"""The edge for mail: a guarded SMTP server and the processes that parse for it."""
