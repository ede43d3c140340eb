"""The two looks of the screen; every colour in `theme.tcss` comes from the theme in force."""

from __future__ import annotations

from textual.theme import Theme

DARK = Theme(
    name="callscope-dark",
    dark=True,
    primary="#4fb3d0",
    secondary="#9d8fd8",
    accent="#4fb3d0",
    foreground="#ccd3db",
    background="#0e1217",
    surface="#131820",
    panel="#1b222c",
    success="#78c184",
    warning="#e2b35c",
    error="#ee6a70",
)

LIGHT = Theme(
    name="callscope-light",
    dark=False,
    primary="#0a6c8f",
    secondary="#6247aa",
    accent="#0a6c8f",
    foreground="#1f262d",
    background="#f6f7f9",
    surface="#ffffff",
    panel="#e6eaef",
    success="#1b7a3a",
    warning="#8f5b00",
    error="#bf2630",
    variables={
        "text-accent": "#0a6c8f",
        "text-secondary": "#6247aa",
        "text-success": "#1b7a3a",
        "text-warning": "#8f5b00",
        "text-error": "#bf2630",
    },
)

THEMES = {theme.name: theme for theme in (DARK, LIGHT)}
