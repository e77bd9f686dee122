"""Getting messages out: claiming, handing over, retrying, and what became of them. Deciding what to say is not here."""
