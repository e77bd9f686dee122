"""Taking in what arrives: batches, decisions, replies, the spool. What a payload means is the channels' to say."""
