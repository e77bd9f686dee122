"""Twilio's webhook bodies as fields, decoded exactly: blank fields stay, and odd bytes can be signed again."""

import re
from collections.abc import Mapping

import orjson

Pairs = list[tuple[str, str]]

_ENCODED = re.compile("(?:%[0-9A-Fa-f]{2})+")


def pairs(body: bytes) -> Pairs:
    """Read a form, field by field, as it was sent; bytes that are not UTF-8 become surrogates, as in PEP 383."""
    text = body.decode("utf-8", "surrogateescape")
    read = []
    for pair in text.split("&") if text else ():
        name, _, value = pair.partition("=")
        read.append((_unquote(name), _unquote(value)))
    return read


def _unquote(text: str) -> str:
    # As urllib's unquote_plus, which goes through every byte by itself: a message in Hebrew is made of little else.
    if "+" in text:
        text = text.replace("+", " ")
    return _ENCODED.sub(_decoded, text) if "%" in text else text


def _decoded(encoded: re.Match[str]) -> str:
    return bytes.fromhex(encoded[0].replace("%", "")).decode("utf-8", "surrogateescape")


def json_fields(body: bytes) -> Mapping[str, str]:
    """Read the top level of a JSON body as fields; empty when it is no JSON object."""
    try:
        read = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return {str(name): _as_text(value) for name, value in read.items()} if isinstance(read, dict) else {}


def _as_text(value: object) -> str:
    if isinstance(value, str):
        return value
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        return ""  # nested more deeply than any webhook is; the caller finds no account in it
