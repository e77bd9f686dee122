"""Guided flows: question by question to the right answer. Each flow is a table in a file of its own, listed here."""

from routing.flows.slow_internet import SLOW_INTERNET

FLOWS = {flow.key: flow for flow in (SLOW_INTERNET,)}
