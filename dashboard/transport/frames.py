"""Cuts a peer's bytes into whole frames (RFC 6455, 5.2).

Nearly all that arrives are messages of one frame; taken out here they cost a third of what they cost in the library's
parser. All else it gets to see: control frames and fragments, and from what breaks the protocol on everything.
"""

from __future__ import annotations

from collections.abc import Iterator

_WHOLE_TEXT, _WHOLE_BINARY = 0x81, 0x82  # final, of no extension
_WHOLE = frozenset((_WHOLE_TEXT, _WHOLE_BINARY))
_FINAL, _OPCODE, _LAST_DATA_OPCODE = 0x80, 0x0F, 0x02
_TWO_MORE, _EIGHT_MORE = (
    126,
    127,
)  # bytes of length; with the next bit set the frame is masked, which a server's never is

Part = tuple[bool | None, bytes]
"""A message and whether it is text; or None and bytes for the library."""


class FrameCutter:
    """Cuts the bytes of one connection, from the end of its handshake on."""

    def __init__(self, most_bytes: int) -> None:
        """Longer frames are left to the library, which refuses them."""
        self._most_bytes = most_bytes
        self._held = bytearray()  # a frame that is not whole
        self._missing = 0  # bytes that it lacks at least
        self._within_message = False  # whose other fragments the library has
        self._broken = False

    def cut(self, data: bytes) -> Iterator[Part]:
        """Yield what is whole now. What comes after the end of the connection is not to be asked for."""
        if self._broken:
            yield None, data
            return
        if self._held:
            self._held += data
            self._missing -= len(data)
            if self._missing > 0:
                return
            data = self.rest()
        at, end, missing = 0, len(data), 1
        while end - at >= 2:
            size, body = data[at + 1], at + 2
            if size >= _TWO_MORE:
                body += 2 if size == _TWO_MORE else 8
                if size <= _EIGHT_MORE and body > end:
                    break
                size = int.from_bytes(data[at + 2 : body], "big") if size <= _EIGHT_MORE else self._most_bytes + 1
            if size > self._most_bytes:
                self._broken = True
                yield None, data[at:]
                return
            stop = body + size
            if stop > end:
                missing = stop - end
                break
            first = data[at]
            if first in _WHOLE and not self._within_message:
                yield first == _WHOLE_TEXT, data[body:stop]
            else:
                if first & _OPCODE <= _LAST_DATA_OPCODE:
                    self._within_message = not first & _FINAL
                yield None, data[at:stop]
            at = stop
        self._held, self._missing = bytearray(data[at:]), missing

    def rest(self) -> bytes:
        """Give up what is held back."""
        rest = bytes(self._held)
        self._held.clear()
        return rest
