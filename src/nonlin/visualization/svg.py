"""A figure as SVG inside an HTML page: text as text, ids of its own, colours that follow the page's theme."""

from __future__ import annotations

import re
from html import escape
from io import StringIO
from typing import TYPE_CHECKING

from nonlin.visualization.saving import text_kept_as_text
from nonlin.visualization.style import THEMED

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_HEAD = re.compile(r".*?<svg[^>]*?viewBox=\"([^\"]*)\"[^>]*>", re.S)
_ASIDE = re.compile(r"\s*<metadata>.*?</metadata>|\s*<style type=\"text/css\">.*?</style>|<!--.*?-->", re.S)
# Matplotlib before 3.11 writes the short form `font: 8px 'DejaVu Sans', ...`.
_FONT = re.compile(r"(font-family: |font: [^;\"]*?[\d.]+px )[^;\"]*")
_NO_TURN = re.compile(r' transform="rotate\(-?0 [^)]*\)"')
_UNSEEN = re.compile(r'<path d="[^"]*" style="fill: none; opacity: 0"/>')
_ID = re.compile(r' id="([^"]+)"')
_REFERENCE = re.compile(r"(?<=href=\"#)[^\"]+|(?<=url\(#)[^)]+")
# Only inside tags: what stands between them is the user's (an arm may be called 0.0001).
_TAG = re.compile(r"<[^>]*>")
_LONG_NUMBER = re.compile(r"-?\d+\.\d{2,}")


class Page:
    """Turns figures into SVG for one page: no id is used twice, and equal ghosts are written once."""

    def __init__(self) -> None:
        self._count = 0
        self._ghosts: dict[str, str] = {}

    def inline(self, figure: Figure, title: str, description: str) -> str:
        """The `<svg>` element of a figure with its title and description for those who cannot see it.

        The same figures in the same order give the same bytes.
        """
        self._count += 1
        prefix = f"f{self._count}-"
        buffer = StringIO()
        with text_kept_as_text():
            figure.savefig(buffer, format="svg", metadata={"Date": None})
        markup = buffer.getvalue()
        head = _HEAD.match(markup)
        if head is None:  # pragma: no cover - Matplotlib always writes one
            raise RuntimeError("Matplotlib wrote an SVG without viewBox")
        body = self._share_ghosts(_own_ids(_tidy(markup[head.end() :]), prefix), prefix)
        width, height = head[1].split()[2:]
        names = f"{prefix}title {prefix}desc"
        words = f'<title id="{prefix}title">{escape(title)}</title><desc id="{prefix}desc">{escape(description)}</desc>'
        return (
            f'<svg role="img" aria-labelledby="{names}" viewBox="0 0 {_short(width)} {_short(height)}" '
            f'style="width:{float(width) / 72 * 96:.0f}px">{words}{body}'
        )

    def _share_ghosts(self, body: str, prefix: str) -> str:
        found = re.search(rf'<g id="{prefix}ghosts">(.*?)</g>', body, re.S)
        if not found:
            return body
        # The clip path has an id of its own in each figure, though it cuts out the same rectangle.
        content = re.sub(r' clip-path="[^"]*"', "", found[1])
        if content in self._ghosts:
            shared = f'<use href="#{self._ghosts[content]}"/>'
        else:
            self._ghosts[content] = f"{prefix}ghosts"
            shared = f'<g id="{prefix}ghosts">{content}</g>'
        return body[: found.start()] + shared + body[found.end() :]


def _short(number: str) -> str:
    """A coordinate (in points) to a hundredth, without needless digits."""
    text = f"{float(number):.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _tidy(body: str) -> str:
    """Without metadata (it names outside addresses), page-wide style and needless digits; with the theme's colours."""
    body = re.sub(r"\s*\n\s*", "\n", _UNSEEN.sub("", _ASIDE.sub("", body)))
    return _TAG.sub(lambda tag: _tidy_tag(tag[0]), body)


def _tidy_tag(tag: str) -> str:
    tag = _FONT.sub(r"\1var(--font)", _NO_TURN.sub("", tag.replace("xlink:href", "href")))
    for color, variable in THEMED.items():
        tag = tag.replace(f": {color}", f": var({variable})")
    return _LONG_NUMBER.sub(lambda found: _short(found[0]), tag)


def _own_ids(body: str, prefix: str) -> str:
    """Ids made this figure's own; ids that nothing refers to are left out."""
    wanted = {name for tag in _TAG.findall(body) for name in _REFERENCE.findall(tag)} | {"ghosts"}

    def own(tag: re.Match[str]) -> str:
        kept = _ID.sub(lambda found: f' id="{prefix}{found[1]}"' if found[1] in wanted else "", tag[0])
        return _REFERENCE.sub(lambda found: prefix + found[0], kept)

    return _TAG.sub(own, body)
