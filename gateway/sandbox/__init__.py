"""The sandbox: a separate process that plays the providers in their own protocols, and the customer's phone and mail.

It imports nothing else of ours, so that the product cannot lean on it and it cannot excuse the product. State lives in
memory only and is bounded.
"""
