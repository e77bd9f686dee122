"""The knowledge base as people edit it. Matching questions to it is `routing`'s."""
