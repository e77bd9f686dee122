"""Eshnav: one conversation per customer, over SMS, WhatsApp and email."""

__version__ = "0.1.0"
