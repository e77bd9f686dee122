"""How many segments an SMS takes (3GPP TS 23.038): GSM-7 160 or 153 septets, UCS-2 70 or 67 units."""

_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_GSM_ESCAPED = frozenset("\f^{}\\[~]|€")
_ASTRAL = 0xFFFF


def count_segments(text: str) -> int:
    """Count the segments of `text`; a character of two units never straddles two segments."""
    is_gsm = all(character in _GSM or character in _GSM_ESCAPED for character in text)
    sizes = [_septets(character) if is_gsm else _units(character) for character in text]
    alone, joined = (160, 153) if is_gsm else (70, 67)
    if sum(sizes) <= alone:
        return 1
    segments, used = 1, 0
    for size in sizes:
        if used + size > joined:
            segments, used = segments + 1, 0
        used += size
    return segments


def _septets(character: str) -> int:
    return 2 if character in _GSM_ESCAPED else 1


def _units(character: str) -> int:
    return 2 if ord(character) > _ASTRAL else 1
