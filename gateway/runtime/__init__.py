"""What every process stands on: time, logs, figures, files, failpoints. Nothing of messages."""
