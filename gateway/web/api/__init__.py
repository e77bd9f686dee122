"""The JSON API under /api/v1: `models` says what goes in and out, `table` which operation needs which scope."""
