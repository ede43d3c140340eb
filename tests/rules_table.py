"""The README's table of findings, made from the rules: `python -m tests.rules_table` writes it anew."""

from __future__ import annotations

import re
from pathlib import Path

from dashboard.call.findings.rules import RULES
from dashboard.simulator.scenario import list_scenarios, load_scenario

README = Path(__file__).parent.parent / "README.md"
_BLOCK = re.compile(r"(?<=<!-- rules -->\n).*?(?=<!-- /rules -->)", re.DOTALL)


def table() -> str:
    """Return the table, a line per rule in the order of explanatory power."""
    seen = _scenarios()
    rows = [
        f"| `{rule.name}` | {rule.severity} | {rule.means} | {rule.remedy} | {seen.get(rule.name, '')} |"
        for rule in RULES
    ]
    return "\n".join(
        ["| finding | severity | what it means | what to do | demo |", "| --- | --- | --- | --- | --- |", *rows, ""]
    )


def _scenarios() -> dict[str, str]:
    """Return for each rule the shipped scenarios that provoke it."""
    found: dict[str, list[str]] = {}
    for name, _ in list_scenarios():
        rule = load_scenario(name).expect.get("findings.0.rule")
        if isinstance(rule, str) and not name.startswith("near-"):
            found.setdefault(rule, []).append(f"`{name}`")
    return {rule: " ".join(names) for rule, names in found.items()}


def written() -> str:
    """Return what the README has between its marks."""
    found = _BLOCK.search(README.read_text("utf-8"))
    assert found is not None, "README.md: the marks <!-- rules --> and <!-- /rules --> are gone"
    return found[0]


if __name__ == "__main__":
    README.write_text(_BLOCK.sub(lambda _: table(), README.read_text("utf-8")), "utf-8")
