"""The command line `eshnav`: each command is thin, and calls the use case or the channel that does the work."""
