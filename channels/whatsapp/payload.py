"""One delivery as a Cloud API message. Pure; the request itself is `client`'s work.

Limits are Meta's: text 4,096 characters, caption and button message 1,024, three buttons of 20 characters, ten list
rows of 24 with 72 below. What does not fit goes as numbered text, so that it can always be answered.
"""

from collections.abc import Iterable, Mapping, Sequence

from channels.choices import as_text
from channels.errors import Rejected
from gateway.domain.account import ApprovedTemplate
from gateway.domain.outbox import Choice, MediaLink, Outgoing, ProviderTemplate
from gateway.domain.people import Scheme

Json = Mapping[str, object]

LONGEST_TEXT = 4096
_LONGEST_CAPTION = 1024
_MOST_BUTTONS, _LONGEST_BUTTON, _LONGEST_BUTTON_ID = 3, 20, 256
_MOST_ROWS, _LONGEST_ROW, _LONGEST_ROW_ID, _LONGEST_DESCRIPTION = 10, 24, 200, 72
_LIST_LABEL = {"he": "לבחירה", "en": "Choose", "ar": "اختيار", "ru": "Выбрать"}
_FAMILIES = ("image", "video", "audio")


def message(outgoing: Outgoing, templates: Iterable[ApprovedTemplate]) -> Json:
    """Write the body of `POST /{phone-number-id}/messages`; our delivery's id travels along and comes back in statuses.

    Raises:
        Rejected: the text is longer than WhatsApp takes, or the address is none of WhatsApp's.
    """
    whole: dict[str, object] = {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        **_to(outgoing),
        **_content(outgoing, templates),
        "biz_opaque_callback_data": str(outgoing.delivery_id),
    }
    if outgoing.in_reply_to:
        whole["context"] = {"message_id": outgoing.in_reply_to}
    return whole


def _to(outgoing: Outgoing) -> Json:
    if outgoing.to.scheme is Scheme.TEL:
        return {"to": outgoing.to.value.removeprefix("+")}
    if outgoing.to.scheme is Scheme.WA:
        return {"recipient": outgoing.to.value}
    raise Rejected(f"{outgoing.to} is not an address on WhatsApp.")


def _content(outgoing: Outgoing, templates: Iterable[ApprovedTemplate]) -> Json:
    if outgoing.template is not None:
        return {"type": "template", "template": _template(outgoing, outgoing.template, templates)}
    if outgoing.media:
        return _with_media(outgoing)
    if outgoing.choices and outgoing.text:
        interactive = _buttons(outgoing) or _list(outgoing)
        if interactive:
            return {"type": "interactive", "interactive": interactive}
    return _plain(as_text(outgoing.text, outgoing.choices))


def _plain(text: str) -> Json:
    if len(text) > LONGEST_TEXT:
        raise Rejected("The message is longer than 4,096 characters.")
    return {"type": "text", "text": {"body": text, "preview_url": False}}


def _with_media(outgoing: Outgoing) -> Json:
    """Send the first file with the text as its caption; where that does not fit, send the text with links instead."""
    file, *others = outgoing.media
    words = "\n".join(
        part for part in (as_text(outgoing.text, outgoing.choices), *(each.url for each in others)) if part
    )
    family = _family(file)
    if words and (family == "audio" or len(words) > _LONGEST_CAPTION):
        return _plain(f"{words}\n{file.url}")
    content = {"link": file.url} | ({"caption": words} if words else {})
    if family == "document" and file.filename:
        content["filename"] = file.filename
    return {"type": family, family: content}


def _family(file: MediaLink) -> str:
    family = file.media_type.partition("/")[0]
    return family if family in _FAMILIES else "document"


def _buttons(outgoing: Outgoing) -> Json | None:
    fits = (
        len(outgoing.choices) <= _MOST_BUTTONS
        and len(outgoing.text) <= _LONGEST_CAPTION
        and not any(choice.description for choice in outgoing.choices)
        and _are_told_apart(outgoing.choices, _LONGEST_BUTTON, _LONGEST_BUTTON_ID)
    )
    if not fits:
        return None
    buttons = [{"type": "reply", "reply": {"id": each.key, "title": each.label}} for each in outgoing.choices]
    return {"type": "button", "body": {"text": outgoing.text}, "action": {"buttons": buttons}}


def _list(outgoing: Outgoing) -> Json | None:
    fits = (
        len(outgoing.choices) <= _MOST_ROWS
        and len(outgoing.text) <= LONGEST_TEXT
        and all(len(each.description) <= _LONGEST_DESCRIPTION for each in outgoing.choices)
        and _are_told_apart(outgoing.choices, _LONGEST_ROW, _LONGEST_ROW_ID)
    )
    if not fits:
        return None
    rows = [
        {"id": each.key, "title": each.label} | ({"description": each.description} if each.description else {})
        for each in outgoing.choices
    ]
    action = {"button": _LIST_LABEL.get(outgoing.language, _LIST_LABEL["en"]), "sections": [{"rows": rows}]}
    return {"type": "list", "body": {"text": outgoing.text}, "action": action}


def _are_told_apart(choices: Sequence[Choice], longest_label: int, longest_key: int) -> bool:
    labels = {choice.label for choice in choices}
    fit = all(0 < len(each.label) <= longest_label and 0 < len(each.key) <= longest_key for each in choices)
    return fit and len(labels) == len({choice.key for choice in choices}) == len(choices)


def _template(outgoing: Outgoing, template: ProviderTemplate, templates: Iterable[ApprovedTemplate]) -> Json:
    components: list[Json] = []
    if outgoing.media:
        file = outgoing.media[0]
        components.append(
            {"type": "header", "parameters": [{"type": _family(file), _family(file): {"link": file.url}}]}
        )
    body = _parameters(template, templates)
    if body:
        components.append({"type": "body", "parameters": body})
    for index, choice in enumerate(outgoing.choices):
        payload = [{"type": "payload", "payload": choice.key}]
        components.append({"type": "button", "sub_type": "quick_reply", "index": str(index), "parameters": payload})
    written: dict[str, object] = {"name": template.name, "language": {"code": template.language or outgoing.language}}
    return written | ({"components": components} if components else {})


def _parameters(template: ProviderTemplate, templates: Iterable[ApprovedTemplate]) -> Sequence[Json]:
    """Write the values by position when we know the order or they are numbered, else by the names they come with."""
    values = template.values
    known = next(
        (each for each in templates if each.name == template.name and each.language == template.language), None
    )
    if known is not None and set(known.placeholders) <= set(values):
        return [{"type": "text", "text": values[name]} for name in known.placeholders]
    if all(name.isascii() and name.isdigit() for name in values):
        return [{"type": "text", "text": values[name]} for name in sorted(values, key=int)]
    return [{"type": "text", "parameter_name": name, "text": value} for name, value in values.items()]
