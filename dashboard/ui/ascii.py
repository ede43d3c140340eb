"""The screen for a terminal that knows ASCII only: every symbol becomes a character of the same width."""

from __future__ import annotations

from functools import cache

from rich.cells import cell_len
from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_SAME = str.maketrans(
    {
        **dict(zip("▁▂▃▄▅▆▇█", "_.-:=+*#", strict=True)),
        **dict(zip("▏▎▍▌▋▊▉", "|||||##", strict=True)),
        **dict.fromkeys("─╌┄╴╶▔", "-"),
        "━": "=",
        **dict.fromkeys("│┃▐▕‖", "|"),
        **dict.fromkeys("╷╵", "'"),
        **dict.fromkeys("╭╮╰╯┌┐└┘├┤┬┴┼", "+"),
        **dict(zip("●◐▲✖○◆✓⚑▼", "*o!x.#vm_", strict=True)),
        **dict(zip("▸◂▪»«→↵␡…×–−·•░", ">(.>< |?~x--.*/", strict=True)),
        **dict.fromkeys("“”„", '"'),
        "’": "'",
        "—": "-",
        "\u2009": " ",
    }
)


class AsciiFilter(LineFilter):
    """Replaces what is not ASCII in everything that is painted; letters of other scripts become question marks."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            segment if segment.text.isascii() else Segment(to_ascii(segment.text), segment.style, segment.control)
            for segment in segments
        ]


def to_ascii(text: str) -> str:
    """Return `text` in ASCII, as wide as before."""
    text = text.translate(_SAME)
    return text if text.isascii() else "".join(char if char.isascii() else _stand_in(char) for char in text)


@cache
def _stand_in(char: str) -> str:
    if "\u2800" < char <= "\u28ff":  # braille: the curve of a plot
        return "*"
    return "?" * cell_len(char)
