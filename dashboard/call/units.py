"""Figures as screen and report write them: lengths of time, per cent, dBFS; a dash for what was not measured."""

from __future__ import annotations

from datetime import UTC, datetime

NOTHING = "–"


def millis(seconds: float | None) -> str:
    """Return milliseconds without their unit: one decimal below 1000, none above."""
    if seconds is None:
        return NOTHING
    value = round(seconds * 1000, 1) + 0.0  # what rounds to nothing has no sign
    return minus(f"{value:.1f}" if abs(value) < 999.95 else f"{value:.0f}")


def span(seconds: float | None) -> str:
    """Return a length of time with its unit, as long as it is worth: `801 ms`, `4.2 s`, `2:03`, `1:02:03`."""
    if seconds is None:
        return NOTHING
    if seconds < 0.9995:
        return f"{max(0.0, seconds) * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    return clock(seconds)


def clock(seconds: float | None) -> str:
    """Return `02:03` or `1:02:03`."""
    if seconds is None:
        return NOTHING
    whole = int(max(0.0, seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes:02}:{left:02}"


def percent(ratio: float | None) -> str:
    """Return a ratio of 0..1 with its sign: `0.3 %`; something small is never written as nothing."""
    if ratio is None:
        return NOTHING
    value = ratio * 100
    if 0 < value < 0.05:
        return "<0.1 %"
    return f"{value:.0f} %" if value in (0.0, 100.0) else f"{min(value, 99.9):.1f} %"


def dbfs(level: float | None) -> str:
    """Return a level without its unit."""
    return NOTHING if level is None else minus(f"{level:.1f}")


def ppm(value: float | None) -> str:
    """Return a drift without its unit, signed."""
    return NOTHING if value is None else minus(f"{round(value):+d}")


def count(value: int | None) -> str:
    """Return a whole number, thousands kept apart by a thin space."""
    return NOTHING if value is None else f"{value:,}".replace(",", "\u2009")


def megabytes(size_bytes: int) -> str:
    """Return a size with its unit: `3.1 MB`."""
    return f"{size_bytes / 1_000_000:.1f} MB"


def minus(text: str) -> str:
    """Return a number's text with the typographic minus sign."""
    return text.replace("-", "−")


def moment(wall: float) -> datetime | None:
    """Return a Unix time as a date of UTC; None of one that no calendar has, as a damaged file may say it."""
    try:
        return datetime.fromtimestamp(wall, UTC)
    except (OverflowError, ValueError, OSError):
        return None


def iso(wall: float) -> str | None:
    """Return a Unix time as ISO 8601 has it, in UTC to the millisecond."""
    date = moment(wall)
    return None if date is None else date.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def utc(wall: float) -> str:
    """Return the time of day of a Unix time, in UTC: `14:02:55`."""
    date = moment(wall)
    return NOTHING if date is None else f"{date:%H:%M:%S}"


def utc_date(wall: float) -> str:
    """Return a Unix time in words: `17 March 2030, 14:02:55 UTC`."""
    date = moment(wall)
    return NOTHING if date is None else f"{date.day} {date:%B %Y, %H:%M:%S} UTC"
