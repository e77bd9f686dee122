"""The limits the Cloud API puts on what is sent: each check gives up with the code and words Meta would answer."""

from collections.abc import Callable, Mapping, Sequence

from gateway.sandbox.cloud.fields import Problem, child, children, need, text_of

_PARAMETER = 131009
_BODY, _LIST_BODY, _SHORT_TEXT = 1024, 4096, 60
_BUTTONS, _ROWS, _SECTIONS = 3, 10, 10
_MEDIA_KINDS = ("image", "video", "audio", "document", "sticker")
_CAPTION = 1024


def check(payload: Mapping[str, object]) -> str:
    """Check a message and give its type.

    Raises:
        Problem: Meta would refuse it.
    """
    if payload.get("messaging_product") != "whatsapp":
        raise Problem(100, "The parameter messaging_product is required.")
    if not payload.get("to") and not payload.get("recipient"):
        raise Problem(100, "The parameter to is required.")
    kind = text_of(payload, "type") or "text"
    checker = _CHECKERS.get(kind)
    if checker is None:
        known = ", ".join(sorted(_CHECKERS)).upper()
        raise Problem(100, f'Param type must be one of {{{known}}} - got "{kind}".')
    if kind not in payload:
        raise Problem(131008, f"Required parameter is missing: {kind}")
    checker(payload)
    return kind


def _text(payload: Mapping[str, object]) -> None:
    body = need(child(payload, "text"), "body", "text")
    if len(body) > 4096:  # noqa: PLR2004  # Meta's limit on a text
        raise Problem(100, "Param text['body'] must be at most 4096 characters long.")


def _media(payload: Mapping[str, object]) -> None:
    kind = text_of(payload, "type")
    media = child(payload, kind)
    if not media.get("id") and not media.get("link"):
        raise Problem(131008, f"{kind}: one of id or link is required")
    link = text_of(media, "link")
    if link and not link.startswith(("http://", "https://")):
        raise Problem(100, f"Param {kind}['link'] is not a valid URI.")
    if len(text_of(media, "caption")) > _CAPTION:
        raise Problem(100, f"Param {kind}['caption'] must be at most {_CAPTION} characters long.")


def _template(payload: Mapping[str, object]) -> None:
    template = child(payload, "template")
    need(template, "name", "template")
    need(child(template, "language"), "code", "template['language']")


def _reaction(payload: Mapping[str, object]) -> None:
    need(child(payload, "reaction"), "message_id", "reaction")


def _location(payload: Mapping[str, object]) -> None:
    place = child(payload, "location")
    if "latitude" not in place or "longitude" not in place:
        raise Problem(131008, "location: latitude and longitude are required")


def _contacts(payload: Mapping[str, object]) -> None:
    if not children(payload, "contacts"):
        raise Problem(131008, "contacts must not be empty")


def _interactive(payload: Mapping[str, object]) -> None:
    interactive = child(payload, "interactive")
    kind = need(interactive, "type", "interactive")
    action = child(interactive, "action")
    _limit(text_of(child(interactive, "footer"), "text"), 0, _SHORT_TEXT, "Footer text")
    header = child(interactive, "header")
    if header.get("type") == "text":
        _limit(text_of(header, "text"), 1, _SHORT_TEXT, "Header text")
    body = text_of(child(interactive, "body"), "text")
    if kind == "button":
        _limit(body, 1, _BODY, "Body text")
        _reply_buttons(children(action, "buttons"))
    elif kind == "list":
        _limit(body, 1, _LIST_BODY, "Body text")
        _limit(text_of(action, "button"), 1, 20, "Button label")
        _sections(children(action, "sections"))
    else:
        _limit(body, 0, _BODY, "Body text")


def _reply_buttons(buttons: Sequence[Mapping[str, object]]) -> None:
    if not 1 <= len(buttons) <= _BUTTONS:
        raise Problem(_PARAMETER, f"Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: {_BUTTONS}")
    replies = [child(button, "reply") for button in buttons]
    for reply in replies:
        _limit(text_of(reply, "title"), 1, 20, "Button title")
        _limit(text_of(reply, "id"), 1, 256, "Button ID")
    _unique([text_of(reply, "id") for reply in replies], "Button ID")
    _unique([text_of(reply, "title") for reply in replies], "Button title")


def _sections(sections: Sequence[Mapping[str, object]]) -> None:
    if not 1 <= len(sections) <= _SECTIONS:
        raise Problem(_PARAMETER, f"Total section count should be between 1 and {_SECTIONS}")
    if len(sections) > 1 and not all(section.get("title") for section in sections):
        raise Problem(_PARAMETER, "Section title is required when there is more than one section")
    rows = [row for section in sections for row in children(section, "rows")]
    if not 1 <= len(rows) <= _ROWS:
        raise Problem(_PARAMETER, f"Total row count exceed max allowed count: {_ROWS}" if rows else "No rows")
    for section in sections:
        _limit(text_of(section, "title"), 0, 24, "Section title")
    for row in rows:
        _limit(text_of(row, "id"), 1, 200, "Row ID")
        _limit(text_of(row, "title"), 1, 24, "Row title")
        _limit(text_of(row, "description"), 0, 72, "Row description")
    _unique([text_of(row, "id") for row in rows], "Row ID")


def _limit(text: str, least: int, most: int, name: str) -> None:
    if not least <= len(text) <= most:
        raise Problem(_PARAMETER, f"{name} length invalid. Min length: {least}, Max length: {most}")


def _unique(values: Sequence[str], name: str) -> None:
    if len(set(values)) != len(values):
        raise Problem(_PARAMETER, f"{name} must be unique")


_CHECKERS: dict[str, Callable[[Mapping[str, object]], None]] = {
    "text": _text,
    "template": _template,
    "interactive": _interactive,
    "reaction": _reaction,
    "location": _location,
    "contacts": _contacts,
    **dict.fromkeys(_MEDIA_KINDS, _media),
}
