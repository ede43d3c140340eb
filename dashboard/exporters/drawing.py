"""SVG by small steps. Text is escaped and loses its control characters where it goes in; colours are classes."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from dashboard.wiretext import visible

CHAR_WIDTH = 6.6
"""Width of a character of the drawing's text on average, in its own units."""


TEXT_LIMIT = 4000
"""Characters of one text that are shown; those of a fact are bounded where they come in, others are not."""


def shown(text: str) -> str:
    """Return `text` bounded and without control characters; the thin space between our thousands stays."""
    if len(text) > TEXT_LIMIT:
        text = f"{text[:TEXT_LIMIT]}… (+{len(text) - TEXT_LIMIT} more)"
    return "\u2009".join(map(visible, text.split("\u2009")))


def plain(text: str) -> str:
    """Return `text` fit for an attribute or the inside of an element."""
    return escape(shown(text), quote=True)


def number(value: float) -> str:
    """Return a coordinate: two digits behind the point at most."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


def fitted(text: str, width: float) -> str:
    """Shorten `text` to what has room in `width`."""
    most = int(width / CHAR_WIDTH)
    return text if len(text) <= most else f"{text[: max(0, most - 1)].rstrip()}…"


class Drawing:
    """Elements of one picture, in the order in which they are painted."""

    def __init__(self, width: float, height: float, label: str) -> None:
        """`label` is what a screen reader says."""
        self.width = width
        self.height = height
        self._label = label
        self._parts: list[str] = []

    def rect(
        self, x: float, y: float, width: float, height: float, look: str, *, tip: str = "", corner: float = 0.0
    ) -> None:
        """Draw a rectangle; `tip` is shown when the pointer rests on it."""
        shape = f'x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"'
        self._element("rect", f'{shape} rx="{number(corner)}"' if corner else shape, look, tip)

    def line(self, x1: float, y1: float, x2: float, y2: float, look: str) -> None:
        self._element("line", f'x1="{number(x1)}" y1="{number(y1)}" x2="{number(x2)}" y2="{number(y2)}"', look)

    def bars(self, bars: Iterable[tuple[float, float, float, float]], look: str) -> None:
        """Draw many rectangles (x, y, width, height) of one look as one element."""
        steps = [f"M{number(x)} {number(y)}h{number(w)}v{number(h)}h{number(-w)}z" for x, y, w, h in bars]
        if steps:
            self.path("".join(steps), look)

    def path(self, steps: str, look: str, *, tip: str = "") -> None:
        self._element("path", f'd="{steps}"', look, tip)

    def text(self, x: float, y: float, text: str, look: str, *, anchor: str = "start") -> None:
        place = "" if anchor == "start" else f' text-anchor="{anchor}"'
        self._parts.append(f'<text x="{number(x)}" y="{number(y)}" class="{look}"{place}>{plain(text)}</text>')

    def _element(self, name: str, shape: str, look: str, tip: str = "") -> None:
        end = f"><title>{plain(tip)}</title></{name}>" if tip else "/>"
        self._parts.append(f'<{name} {shape} class="{look}"{end}')

    def svg(self, *, style: str = "") -> str:
        """Return the picture; with `style` it stands alone."""
        width, height = number(self.width), number(self.height)
        alone = f' xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"' if style else ""
        ground = f'<style>{style}</style><rect width="{width}" height="{height}" class="ground"/>' if style else ""
        label = plain(self._label)
        head = f'<svg{alone} class="drawing" viewBox="0 0 {width} {height}" role="img" aria-label="{label}">'
        return f"{head}{ground}{''.join(self._parts)}</svg>"
