"""How a role looks: `theme.tcss` says it once, on the screen; widgets ask here for its style on their own ground.

Textual works component classes out for every widget that has them, again with every change of a class. Sixteen roles
on eight widgets were most of the time to the first frame; on the screen they cost an eighth of that.
"""

from __future__ import annotations

from rich.style import Style
from textual.widget import Widget

from dashboard.ui.draw.spans import ROLES, Role

ROLE_CLASSES = {f"role--{role}" for role in ROLES}
"""Component classes of every screen that shows a `Roled` widget."""


class Roled(Widget):
    """A widget that draws its text in roles."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._looks: dict[Role, Style] = {}
        self._ground: Style | None = None

    @property
    def ground(self) -> Style:
        """The look of what is left blank."""
        if self._ground is None:
            self._ground = self.rich_style
        return self._ground

    def look(self, role: Role) -> Style:
        """Return the style of a role here."""
        style = self._looks.get(role)
        if style is None:
            style = self._looks[role] = self._worked_out(role)
        return style

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._looks.clear()
        self._ground = None

    def _worked_out(self, role: Role) -> Style:
        told = self.screen.get_component_styles(f"role--{role}")
        _, _, ground, ink = self.colors
        if told.has_rule("background"):
            ground += told.background
        if told.has_rule("color"):
            ink = told.color
        return self.ground + told.text_style + Style.from_color((ground + ink).rich_color, ground.rich_color)
