"""Meta's WhatsApp Cloud API as it looks from outside: the messages and media endpoints in, signed webhooks out."""
