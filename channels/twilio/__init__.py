"""Twilio: SMS and WhatsApp over one API. Everything that is peculiar to Twilio is in this package and nowhere else."""

from channels.twilio.adapter import TwilioAdapter

__all__ = ["TwilioAdapter"]
