"""Contacts and their addresses: whose it is, merging by proof, consent, import. What they said is `intake`'s."""
