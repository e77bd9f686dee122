"""WhatsApp over Meta's Cloud API. Everything that is peculiar to it is in this package and nowhere else."""

from channels.whatsapp.adapter import WhatsAppAdapter

__all__ = ["WhatsAppAdapter"]
