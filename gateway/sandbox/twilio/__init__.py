"""Twilio as it looks from outside: the Messages REST resource in, signed webhooks and status callbacks out."""
