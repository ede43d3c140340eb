"""Settings of a conversation that is followed."""

from __future__ import annotations

import argparse

import pytest

from dashboard.cli import demo_notifications
from dashboard.cli.board import require_door
from dashboard.cli.following import follow_options, follow_policy
from dashboard.cli.settings import Settings
from dashboard.errors import ConfigError

CLIENT = {"client_id": "c", "client_secret": "s"}
FOLLOWED = {"conversation": "7be0c7d2-1111-4222-8333-9a9a9a9a9a9a", **CLIENT}


def test_a_followed_conversation_needs_neither_app_nor_address() -> None:
    Settings.model_validate(FOLLOWED).require_call()


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({**FOLLOWED, "url": "wss://bridge.example.net/ws"}, "conversation and url are both set"),
        ({**FOLLOWED, "app_id": "app-31c0"}, "conversation and app_id are both set"),
        ({**FOLLOWED, "auth": "none"}, "with a token"),
        ({"conversation": "c"}, "credentials are missing"),
    ],
)
def test_what_does_not_go_together_is_refused(values: dict[str, object], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Settings.model_validate(values).require_call()


def test_a_channel_is_given_longer_than_a_heartbeat_unless_somebody_says_otherwise() -> None:
    assert Settings.model_validate(FOLLOWED).stale_after == 45
    assert Settings.model_validate({**FOLLOWED, "stale_after": 20}).stale_after == 20
    assert Settings().stale_after == 30
    again = Settings.from_worker(Settings.model_validate(FOLLOWED).to_worker())
    assert again.stale_after == 45


def test_a_channel_is_pinged_by_its_own_ping_alone() -> None:
    settings = Settings.model_validate({**FOLLOWED, "ping_interval": 7})
    assert follow_options(settings).socket.ping_interval_s is None
    assert follow_policy(settings).overlap


def test_a_listener_follows_with_a_token_or_not_at_all() -> None:
    require_door(Settings())
    require_door(Settings.model_validate({"follow": True, **CLIENT}))
    with pytest.raises(ConfigError, match="credentials are missing"):
        require_door(Settings(follow=True))
    with pytest.raises(ConfigError, match="fetches none"):
        require_door(Settings.model_validate({"follow": True, "auth": "none", **CLIENT}))


def demo(scenario: str, **own: object) -> dict[str, object]:
    args = argparse.Namespace(scenario=scenario, seed=None, calls=1, settings=Settings.model_validate(own))
    settings: dict[str, object] = demo_notifications.order(args)["settings"]
    return settings


def test_a_demo_pings_as_often_as_its_scenario_is_patient() -> None:
    assert (demo("steady")["stale_after"], demo("steady")["ping_interval"]) == (45, 15)
    assert (demo("half-open")["stale_after"], demo("half-open")["ping_interval"]) == (1.5, 0.5)
    assert (demo("steady", stale_after=9)["stale_after"], demo("steady", ping_interval=4)["ping_interval"]) == (9, 4)


def test_a_demo_of_notifications_is_of_one_call() -> None:
    with pytest.raises(ConfigError, match="calls come in"):
        demo_notifications.order(argparse.Namespace(scenario=None, seed=None, calls=2, settings=Settings()))
