"""HTML as shops write it, as text that any marketplace takes.

Python's own `html.parser` does it: descriptions need no more than paragraphs, list items and entities, it forgives
every kind of broken markup, and the libraries for this bring a whole document tree (lxml, Beautiful Soup) or a licence
that does not fit (html2text). Django's `strip_tags` would run words of neighbouring paragraphs together.
"""

import re
from html.parser import HTMLParser

_PARAGRAPHS = {"p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "section", "article"}
_LINES = {"tr", "dt", "dd", "hr", "li"}
_UNSEEN = {"script", "style", "head", "template", "noscript"}


class _Text(HTMLParser):
    """Gathers words; what parts them is kept back until more words come."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.pieces: list[str] = []
        self._breaks = 0
        self._gap = ""
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self._unseen += 1
        if tag == "br":
            self._breaks = min(self._breaks + 1, 2)
        self._part(tag)
        if tag == "li":
            self._gap = "• "
        elif tag in ("td", "th"):
            self._gap = " "

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(self._unseen - 1, 0)
        self._part(tag)

    def _part(self, tag: str) -> None:
        if tag in _PARAGRAPHS or tag in _LINES:
            self._breaks, self._gap = max(self._breaks, 2 if tag in _PARAGRAPHS else 1), ""

    def handle_data(self, data: str) -> None:
        words = re.sub(r"\s+", " ", data)
        if self._unseen:
            return
        if not words.strip():
            self._gap = self._gap or " "
            return
        if self._breaks or not self.pieces:
            gap = "\n" * self._breaks * bool(self.pieces) + self._gap.lstrip()
        else:
            gap = self._gap or (" " if words[0] == " " else "")
        self.pieces.append(gap + words.strip())
        self._breaks, self._gap = 0, " " if words[-1] == " " else ""


def _with_ends(html: str) -> str:
    """Return the HTML without tags and comments that never end: for each of them the parser looks through the rest."""
    for start, end in (("<!--", "-->"), ("<", ">")):
        last = html.rfind(end) + 1
        html = html[:last] + html[last:].replace(start, "&lt;" + start[1:])
    return html


def text_of(html: str) -> str:
    """Return the words of an HTML body: paragraphs parted by an empty line, list items by bullets.

    Text without any markup keeps its own lines. It is no longer than a cell may be (reading.py).
    """
    if not re.search(r"<[a-zA-Z/!]|&[#\w]+;", html):
        return html.strip()
    html = _with_ends(html)
    reader = _Text()
    # A body of plain lines with an entity or one bold word in it: its lines are meant.
    reader.feed(html if re.search(r"<(p|div|br|li|h\d|tr)\b", html, re.IGNORECASE) else html.replace("\n", "<br>"))
    reader.close()
    return "".join(reader.pieces)
