"""Eshnav: one conversation per customer, over SMS, WhatsApp and email."""
