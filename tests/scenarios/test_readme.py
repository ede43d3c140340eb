"""The scenario that the README shows is one that callscope takes."""

from __future__ import annotations

from pathlib import Path

from dashboard.simulator.scenario import load_scenario

README = Path(__file__).parents[2] / "README.md"


def test_the_scenario_in_the_readme_can_be_played(tmp_path: Path) -> None:
    block = next(block for block in README.read_text("utf-8").split("```") if block.startswith('toml\nname = "lunch'))
    path = tmp_path / "lunch-break.toml"
    path.write_text(block.removeprefix("toml\n"), "utf-8")
    scenario = load_scenario(str(path))
    assert scenario.name == "lunch-break"
    assert [fault.kind for fault in scenario.faults] == ["close"]
