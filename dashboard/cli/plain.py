"""Standard streams that cannot say everything: what their encoding lacks is told in ASCII, and nothing fails for it."""

from __future__ import annotations

import codecs
import io
import sys

_STAND_INS = str.maketrans(
    {"✓": "+", "✗": "x", "✖": "x", "·": "-", "–": "-", "−": "-", "—": "-", "…": "...", "×": "x", "\u2009": " "}
    | dict.fromkeys("“”", '"')
    | {"’": "'", "→": "->", "▸": ">", "◂": "<"}
)


def speak_plainly() -> None:
    """Let stdout and stderr write what they can, and stand-ins for the rest."""
    codecs.register_error("callscope.plain", _stand_in)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="callscope.plain")


def _stand_in(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    said = error.object[error.start : error.end].translate(_STAND_INS)
    return "".join(char if char.isascii() else "?" for char in said), error.end
