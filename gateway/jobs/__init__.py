"""The coarse jobs, and everything a worker process needs to run them beside its sender."""
