"""From a mail's HTML to plain text with the marks that mail clients leave around what they quote.

Display HTML is not made here: the web edge sanitises the original.
"""

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

# Two private-use characters carry what the markup knew: a line that is CUT begins a quoted mail; ATTRIBUTION begins the
# line that names who is quoted. They never come from the mail itself, and `folding` takes them out again.
CUT = "\ue000"
ATTRIBUTION = "\ue001"

_SKIPPED = frozenset(
    {
        "head",
        "script",
        "style",
        "title",
        "template",
        "noscript",
        "object",
        "svg",
        "math",
        "select",
        "-comment",
        "meta",
        "base",
    }
)
_BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "center",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "thead",
        "tfoot",
        "tr",
        "ul",
    ]
)
_SPACED = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "pre"})
_CUT_IDS = re.compile(
    r"^(divrplyfwdmsg|appendonsend|replysplit|stopspelling|zwchr|mail-editor-reference-message-container|"
    r"isforwardcontent|olk_src_body_section|reply-intro|yahoo_quoted_?\d*|aolmsgpart_.*)$"
)
_CUT_CLASSES = frozenset(
    {
        "outlookmessageheader",
        "yahoo_quoted",
        "protonmail_quote",
        "tutanota_quote",
        "zmail_extra",
        "zmail_extra_hr",
        "ms-outlook-mobile-reference-message",
        "mail_android_quote",
        "quoted_email",
        "yj6qo_quote",
        "replyheader",
    }
)
_ATTRIBUTION_CLASSES = frozenset({"gmail_attr", "moz-cite-prefix", "moz-email-headers-table-caption", "replyhead"})
_SIGNATURE_CLASSES = frozenset({"gmail_signature", "moz-signature", "yahoo-signature", "protonmail_signature_block"})
_CITE_CLASSES = frozenset(
    {"gmail_quote", "cite", "mori", "quote", "iosymail", "protonmail_quote", "clean_bq", "ygmail_quote"}
)
_BORDER = re.compile(
    r"border(-left|-right|-inline-start)?\s*:\s*[^;]*(solid|\d+px)|border-(left|right|"
    r"inline-start)-(style|width|color)"
)
_NO_BORDER = re.compile(r"border(-left)?\s*:\s*(none|0(px)?)\b")
_OUTLOOK_RULE = re.compile(
    r"border-top:\s*(solid\s+#\w+|#\w+\s+\d\S*\s+solid|\d\S*\s+solid)|border-top-(color|width|style)"
)
_HIDDEN = re.compile(r"display\s*:\s*none|mso-hide\s*:\s*all")
_SPACE = re.compile(r"[ \t\r\n\f]+")
_TAG = re.compile(r"<[^<>]{0,5000}>")
_CONTAINER = re.compile(r"<(/?)(?!(?:br|img|hr|meta|link|input|wbr|area|base|col|source)\b)[a-z]", re.IGNORECASE)
_MAX_NODES = 200_000
_MAX_DEPTH = 3000


def to_text(html: str) -> str:
    """Render a mail's HTML as text: blocks as lines, quoted blocks behind `> `, with CUT and ATTRIBUTION marks."""
    html = html.replace(CUT, "").replace(ATTRIBUTION, "")
    if _is_too_deep(html):
        return _TAG.sub(" ", html)
    tree = LexborHTMLParser(html)
    root = tree.body or tree.root
    if root is None:
        return ""
    writer = _Writer()
    for node, is_start in _events(root):
        writer.open(node) if is_start else writer.close(node)
    return writer.text()


def _is_too_deep(html: str) -> bool:
    """Say whether elements are nested too deep for the parser, whose time grows with the square of the depth."""
    if html.count("<") < _MAX_DEPTH:
        return False
    depth = deepest = 0
    for match in _CONTAINER.finditer(html):
        depth = max(0, depth - 1) if match[1] else depth + 1
        deepest = max(deepest, depth)
    return deepest > _MAX_DEPTH


def _events(root: LexborNode) -> Iterator[tuple[LexborNode, bool]]:
    """Walk the tree without recursion: each node when it opens and when it closes."""
    stack: list[tuple[LexborNode, bool]] = [(root, True)]
    seen = 0
    while stack:
        node, is_start = stack.pop()
        if is_start:
            seen += 1
            if seen > _MAX_NODES or node.tag in _SKIPPED or _is_hidden(node):
                continue
            stack.append((node, False))
            children = list(node.iter(include_text=True))
            stack += [(child, True) for child in reversed(children)]
        yield node, is_start


def _is_hidden(node: LexborNode) -> bool:
    return node.tag not in {"-text", "html", "body"} and bool(_HIDDEN.search(_attribute(node, "style")))


def _attribute(node: LexborNode, name: str) -> str:
    return (node.attributes.get(name) or "").lower()


def _is_cite(node: LexborNode) -> bool:
    """Know a blockquote that a mail client made; one without such marks may be the writer's own indentation."""
    style = _attribute(node, "style")
    marked = (
        _attribute(node, "type") == "cite" or bool(_attribute(node, "cite")) or bool(_classes(node) & _CITE_CLASSES)
    )
    return marked or (bool(_BORDER.search(style)) and not _NO_BORDER.search(style))


def _classes(node: LexborNode) -> set[str]:
    return set(_attribute(node, "class").split())


class _Writer:
    """Collects lines while the tree is walked."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._quotes: list[bool] = []
        self._pre = 0
        self._prefix = ""

    def open(self, node: LexborNode) -> None:
        """Begin a node: text is added, blocks start a line, marks of mail clients are written."""
        tag = node.tag or ""
        if tag == "-text":
            self._add(node.text_content or "")
            return
        if tag == "br":
            self._end_line(keep_empty=True)
            return
        if tag == "img":
            self._add(node.attributes.get("alt") or "")
            return
        if tag in {"td", "th"}:
            self._line.append(" ")
        if tag in _BLOCKS:
            self._end_line()
        self._mark(node, tag)
        self._pre += tag == "pre"
        if tag == "li":
            self._line.append("- ")

    def _mark(self, node: LexborNode, tag: str) -> None:
        if tag == "blockquote":
            self._quotes.append(_is_cite(node) or self._follows_colon())
        classes, name = _classes(node), _attribute(node, "id")
        is_rule = tag == "div" and bool(_OUTLOOK_RULE.search(_attribute(node, "style"))) and self._is_header_block(node)
        if (_CUT_IDS.match(name) if name else False) or classes & _CUT_CLASSES or is_rule:
            self._end_line()
            self._lines.append(self._quote_prefix() + CUT)
        elif classes & _ATTRIBUTION_CLASSES:
            self._prefix = ATTRIBUTION
        elif classes & _SIGNATURE_CLASSES and not any(self._quotes):
            self._end_line()
            self._lines.append("-- ")

    @staticmethod
    def _is_header_block(node: LexborNode) -> bool:
        return ":" in node.text(deep=True)[:200]

    def _follows_colon(self) -> bool:
        """Say whether the last line of words ends in a colon, as the line that says who is quoted does."""
        last = next((line for line in reversed(self._lines) if line.strip()), "")
        return last.rstrip(" \u200e\u200f\u202c").endswith(":")

    def close(self, node: LexborNode) -> None:
        """End a node."""
        tag = node.tag or ""
        if tag in _BLOCKS:
            self._end_line()
        is_tight = "msonormal" in _classes(node)  # Outlook's paragraphs have no margin
        if tag in _SPACED and not is_tight and self._lines and self._lines[-1].strip("> "):
            self._lines.append(self._quote_prefix().rstrip())
        self._pre -= tag == "pre"
        if tag == "blockquote" and self._quotes:
            self._quotes.pop()
        if _classes(node) & _ATTRIBUTION_CLASSES:
            self._end_line()
            self._prefix = ""

    def text(self) -> str:
        """All lines, runs of empty ones made one."""
        self._end_line()
        return re.sub(r"\n{3,}", "\n\n", "\n".join(self._lines)).strip("\n ")

    def _add(self, content: str) -> None:
        if self._pre:
            *lines, last = content.replace("\r\n", "\n").split("\n")
            for line in lines:
                self._line.append(line)
                self._end_line(keep_empty=True)
            self._line.append(last)
        elif content:
            self._line.append(_SPACE.sub(" ", content))

    def _quote_prefix(self) -> str:
        depth = sum(self._quotes)
        return ">" * depth + " " if depth else ""

    def _end_line(self, *, keep_empty: bool = False) -> None:
        content = "".join(self._line)
        content = content.rstrip() if self._pre else _SPACE.sub(" ", content.replace("\xa0", " ")).strip()
        self._line.clear()
        if content:
            self._lines.append(self._quote_prefix() + self._prefix + content)
        elif keep_empty:
            self._lines.append(self._quote_prefix().rstrip())
