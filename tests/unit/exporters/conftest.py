"""Reports of scenarios, each made once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from dashboard.call.events import Event
from dashboard.exporters.report import Report
from dashboard.simulator.scenario import load_scenario
from tests.unit.exporters.told import report
from tests.virtual import facts_of


@cache
def _facts(scenario: str, seconds: float | None) -> tuple[Event, ...]:
    return tuple(facts_of(load_scenario(scenario), seconds=seconds))


@cache
def _report(scenario: str, seconds: float | None) -> Report:
    return report(_facts(scenario, seconds))


@pytest.fixture
def facts() -> Callable[..., tuple[Event, ...]]:
    """Return the facts of a scenario, of `seconds` or as long as it advises."""
    return lambda scenario, seconds=None: _facts(scenario, seconds)


@pytest.fixture
def report_on() -> Callable[..., Report]:
    """Return the report on a scenario, of `seconds` or as long as it advises."""
    return lambda scenario, seconds=None: _report(scenario, seconds)
