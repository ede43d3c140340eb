"""`analyze` against figures that Wireshark's RTP analysis gives for the same frames."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dashboard.cli.main import run

VECTORS = Path(__file__).parents[1] / "data" / "vectors"
EXPECTED = json.loads((VECTORS / "expected.json").read_text())


@pytest.mark.parametrize("name", EXPECTED)
def test_a_trace_gives_wiresharks_figures(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["analyze", str(VECTORS / f"{name}.csv"), "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)
    expected = EXPECTED[name]
    assert (figures["frames"], figures["lost"]) == (expected["frames"], expected["lost"])
    for figure in ("delta_ms", "jitter_ms"):
        for key, value in expected[figure].items():
            assert figures[figure][key] == pytest.approx(value, abs=0.001)


def test_the_table_for_people_leaves_out_what_a_trace_cannot_tell(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["analyze", str(VECTORS / "tcp_stalls.csv")]) == 0
    table = capsys.readouterr().out
    assert "stalls           6" in table
    assert "mos" not in table


def test_a_file_that_is_no_trace_is_refused_with_line_and_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "trace.csv"
    path.write_text("arrival_s,media_s\n0.0,0.0\nsoon,0.02\n")
    assert run(["analyze", str(path)]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert "trace.csv" in output.err
    assert "line 3" in output.err
