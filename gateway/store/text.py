"""What PostgreSQL's text cannot hold, and what becomes of it. The raw payload keeps every byte as it came."""


def storable(text: str) -> str:
    """Drop NUL characters and repair lone surrogates, which text columns and JSON refuse; all else stays as it is."""
    if "\x00" in text:
        text = text.replace("\x00", "")
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode("utf-8")
