"""The parts of a page of text: headings, labelled fields, paragraphs, lists."""

from __future__ import annotations

from dashboard.ui.draw.spans import Row, Span

LABEL = 16


def heading(text: str) -> Row:
    return Row(((text, "accent"),))


def empty() -> Row:
    return Row()


def field(label: str, *value: Span) -> Row:
    """A label, and a value that wraps beside it."""
    return Row(((f"  {label}".ljust(LABEL), "dim"),), value)


def bullet(text: str) -> Row:
    return Row((("  · ", "dim"),), ((text, "text"),))


def paragraph(lead: Span, *text: Span) -> Row:
    """Text that wraps behind its first words."""
    return Row((lead,), text)
