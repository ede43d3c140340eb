"""The setting of a bot beside the call: which profiles it may name, and where that profile's settings come from."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

from dashboard.cli import demo_combined
from dashboard.cli.board import calls
from dashboard.cli.layers import Given, load
from dashboard.cli.settings import Settings
from dashboard.cli.source import call_source
from dashboard.errors import ConfigError
from dashboard.worker.beside import Beside

TOKEN = "4be1c0de" * 8
CONVERSATION = "7be0c7d2-1111-4222-8333-9a9a9a9a9a9a"
FILE = """
[support]
follow = true
bot = "parcel-bot"
client_id = "c"
client_secret = "s"

[parcel-bot]
dialect = "cognigy"
url = "https://endpoint-trial.cognigy.ai"
url_token = "{token}"
user_id = "dash-op3"

[prod]
app_id = "app-31c0"

[tokenless]
dialect = "cognigy-rest"
url = "https://endpoint-trial.cognigy.ai"

[someones]
dialect = "cognigy"
url = "https://endpoint-trial.cognigy.ai"
url_token = "t"
session_id = "a-callers-own"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(FILE.format(token=TOKEN), "utf-8")
    path.chmod(0o600)
    return path


def loaded(file: Path, command: str = "listen", *, environ: dict[str, str] | None = None, **flags: Any) -> Settings:
    given = {name: Given(value, f"--{name}") for name, value in flags.items()}
    return load(command, flags=given, environ=environ or {}, config=file, profile="support")


def bot_of(settings: Settings) -> Settings:
    assert settings.bot_settings is not None
    return settings.bot_settings


def test_a_profile_names_its_bot_by_the_name_of_another_profile(file: Path) -> None:
    settings = loaded(file)
    bot = bot_of(settings)
    assert (settings.bot, settings.follow, settings.dialect, settings.url) == ("parcel-bot", True, "appfoundry", None)
    assert (bot.dialect, bot.url, bot.user_id) == ("cognigy", "wss://endpoint-trial.cognigy.ai", "dash-op3")
    assert bot.silent_failure_after == 30
    assert bot.bot is None


def test_its_token_may_come_from_the_environment_and_what_is_said_of_the_call_is_not_for_it(file: Path) -> None:
    environ = {
        "CALLSCOPE_URL_TOKEN": "from-outside",
        "CALLSCOPE_DIALECT": "cognigy-rest",
        "CALLSCOPE_SESSION_ID": "not-this",
    }
    bot = bot_of(loaded(file, environ=environ, bot="tokenless"))
    assert bot.url_token is not None
    assert bot.url_token.get_secret_value() == "from-outside"
    assert (bot.dialect, bot.session_id) == ("cognigy-rest", None)


@pytest.mark.parametrize(
    ("name", "said", "remedy"),
    [
        ("parcel-bott", "there is no profile parcel-bott", "Did you mean parcel-bot?"),
        ("prod", "--bot: the profile prod is of no Cognigy endpoint: its dialect is appfoundry", 'dialect = "cognigy"'),
        ("tokenless", "the endpoint's token is missing", "CALLSCOPE_URL_TOKEN"),
        ("someones", "sets session_id", "Leave session_id out of [someones]"),
    ],
)
def test_what_is_no_bot_is_refused_and_it_is_said_what_to_do(file: Path, name: str, said: str, remedy: str) -> None:
    with pytest.raises(ConfigError) as refused:
        loaded(file, bot=name)
    assert said in str(refused.value)
    assert remedy in refused.value.remedy
    assert refused.value.exit_code == 2
    assert TOKEN not in str(refused.value) + refused.value.remedy


def test_a_conversation_that_is_followed_has_a_bot_and_a_call_that_is_dialled_has_none(file: Path) -> None:
    followed = loaded(file, "watch", conversation=CONVERSATION)
    assert isinstance(call_source(followed, "call"), Beside)
    with pytest.raises(ConfigError, match="beside a conversation that is followed") as refused:
        loaded(file, "probe", app_id="app-31c0")
    assert refused.value.remedy.endswith("callscope watch parcel-bot")


def test_calls_that_come_in_have_a_bot_with_or_without_their_transcript(file: Path) -> None:
    assert isinstance(calls(loaded(file)), Beside)
    assert isinstance(calls(loaded(file, follow=False)), Beside)
    assert not isinstance(calls(Settings()), Beside)


def test_a_worker_is_told_of_the_bot_and_a_recording_of_its_name_alone(file: Path) -> None:
    settings = loaded(file)
    again = Settings.from_worker(settings.to_worker())
    assert bot_of(again).url_token == bot_of(settings).url_token
    assert bot_of(settings.replace(linger=3.0)).url == bot_of(settings).url
    assert settings.to_record()["bot"] == "parcel-bot"
    for text in (repr(settings), repr(bot_of(settings)), str(settings.to_record())):
        assert TOKEN not in text


def demo(scenario: str | None = None, calls: int = 1) -> dict[str, Any]:
    return demo_combined.order(argparse.Namespace(scenario=scenario, seed=None, calls=calls, settings=Settings()))


def test_a_demo_of_three_wires_asks_the_bot_what_its_caller_says_a_little_later() -> None:
    order = demo("steady")
    told = Settings.from_worker(demo_combined.at_host(order["settings"], HOST))
    assert (told.follow, told.bot, told.base_url, bot_of(told).url) == (
        *(True, "parcel-bot", "http://127.0.0.1:8765"),
        "ws://127.0.0.1:8765",
    )
    assert order["words"][0] == (pytest.approx(4.5, abs=2.0), "Hi, where is my parcel?")


HOST = {
    "base_url": "http://127.0.0.1:8765",
    "client_id": "c",
    "client_secret": "s",
    "cognigy_url": "http://127.0.0.1:8765",
    "url_token": TOKEN,
}


def test_a_demo_of_three_wires_is_of_one_call() -> None:
    with pytest.raises(ConfigError, match="calls come in"):
        demo(calls=2)
