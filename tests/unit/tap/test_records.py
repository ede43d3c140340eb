"""The stream between relay and observer."""

from __future__ import annotations

import random

from dashboard.tap.records import (
    LATE,
    Kind,
    Reader,
    Record,
    Side,
    Totals,
    head,
    lags_of,
    ticked,
    told,
    totals,
    totals_of,
)


def test_records_come_out_as_they_went_in_however_the_stream_is_cut() -> None:
    dice = random.Random(1)
    data = dice.randbytes(70_000)
    stream = b"".join(
        [
            told(Kind.STARTED, 0, 1.5, endpoint="ws://127.0.0.1:1"),
            head(Kind.DATA, Side.UPSTREAM | LATE, 7, 2.5, 0.25, len(data)) + data,
            totals(7, 3.5, Totals(1, 2, 3, 1 << 60)),
            ticked(4.5, 0.5, (0.25, 0.125)),
        ]
    )
    reader, got = Reader(), []
    while stream:
        size = dice.choice((1, 10, 30_000))
        got += list(reader.feed(stream[:size]))
        stream = stream[size:]
    started, shown, passed, tick = got
    assert started.fields == {"endpoint": "ws://127.0.0.1:1"}
    assert shown == Record(Kind.DATA, Side.UPSTREAM, 7, 2.5, 0.25, True, data)
    assert totals_of(passed.data) == Totals(1, 2, 3, 1 << 60)
    assert (tick.at, tick.held_s, lags_of(tick.data)) == (4.5, 0.5, (0.25, 0.125))
