from __future__ import annotations

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from dashboard.cli.commands import COMMANDS
from dashboard.cli.groups import GROUPS
from dashboard.cli.settings import (
    FIELDS,
    Settings,
    explanations,
    flag,
    group_of,
    is_secret,
    settings_of,
    variable,
)
from dashboard.errors import ConfigError
from tests.unit.transport.authority import authority


def refusal(**values: object) -> str:
    """What is wrong with the one value that is refused."""
    with pytest.raises(ValidationError) as caught:
        Settings.model_validate(values)
    (error,) = caught.value.errors()
    return f"{error['loc'][0]}: {error['msg']}"


def test_the_defaults_are_those_of_the_specification() -> None:
    settings = Settings()
    assert (settings.region, settings.auth, settings.max_attempts) == ("mypurecloud.com", "bearer", 10)
    assert (settings.backoff_base, settings.backoff_cap, settings.stale_after) == (1, 30, 30)
    assert (settings.ping_interval, settings.ping_timeout, settings.open_timeout) == (20, 10, 10)
    assert (settings.audio_format, settings.audio_rate, settings.audio_channels) == ("pcm16", 8000, 1)
    assert (settings.spike_ms, settings.buffer_ms, settings.silent_failure_after) == (200, 60, 5)
    assert (settings.dead_air_after, settings.one_way_after) == (5, 10)
    assert (settings.audio_queue, settings.control_queue, settings.drop_policy) == (100, 50, "oldest")
    assert (settings.duration, settings.say, settings.close_timeout, settings.max_message_mib) == (None, (), 5, 10)


@pytest.mark.parametrize("name", FIELDS)
def test_a_setting_is_explained_and_stands_in_one_group(name: str) -> None:
    assert explanations()[name].endswith(".")
    assert group_of(name) in GROUPS


def test_settings_belong_to_commands_that_exist_and_take_settings() -> None:
    commands = {command for group in GROUPS for command in group.commands}
    assert commands == {name for name, command in COMMANDS.items() if command.settings}


def test_a_command_has_the_settings_that_it_can_use() -> None:
    assert settings_of("analyze") == ["spike_ms", "buffer_ms"]
    assert {"duration", "say"} <= set(settings_of("probe")) - set(settings_of("watch"))
    assert not {"client_secret", "region", "url"} & set(settings_of("demo"))


def test_keys_are_read_from_a_list_or_a_text_and_never_shown() -> None:
    keys = "lab-key-01:c2VjcmV0, bare-key"
    settings = Settings.model_validate({"hook_keys": keys})
    assert [one.get_secret_value() for one in settings.hook_keys] == ["lab-key-01:c2VjcmV0", "bare-key"]
    assert Settings.model_validate({"hook_keys": ["lab-key-01:c2VjcmV0", "bare-key"]}) == settings
    assert "c2VjcmV0" not in repr(settings)
    assert Settings.from_worker(json.loads(json.dumps(settings.to_worker()))) == settings


def test_a_key_that_cannot_be_read_is_refused_without_repeating_it() -> None:
    said = refusal(hook_keys="lab-key-01:no/base64!")
    assert said == "hook_keys: Value error, a client secret is base64, as Genesys shows it"


def test_names_of_flags_and_variables_follow_from_the_name_of_the_setting() -> None:
    assert (flag("ping_interval"), variable("ping_interval")) == ("--ping-interval", "CALLSCOPE_PING_INTERVAL")
    assert variable("client_id") == "GENESYS_CLIENT_ID"
    assert variable("client_secret") == "GENESYS_CLIENT_SECRET"
    assert variable("base_url") == "GENESYS_BASE_URL"
    assert variable("conversation_id") == "TARGET_CONVERSATION_ID"
    assert [name for name in FIELDS if is_secret(name)] == ["hook_keys", "url_token", "client_secret"]


@pytest.mark.parametrize(
    ("values", "api", "login"),
    [
        ({}, "https://api.mypurecloud.com", "https://login.mypurecloud.com/oauth/token"),
        ({"region": "eu_west_1"}, "https://api.mypurecloud.ie", "https://login.mypurecloud.ie/oauth/token"),
        (
            {"base_url": "https://api.mypurecloud.de/", "region": "eu_west_1"},
            "https://api.mypurecloud.de",
            "https://login.mypurecloud.de/oauth/token",
        ),
        ({"base_url": "http://127.0.0.1:8080"}, "http://127.0.0.1:8080", "http://127.0.0.1:8080/oauth/token"),
        ({"token_url": "https://sso.example.com/t"}, "https://api.mypurecloud.com", "https://sso.example.com/t"),
    ],
)
def test_addresses_follow_from_the_region_unless_they_are_set(values: dict[str, str], api: str, login: str) -> None:
    settings = Settings.model_validate(values)
    assert (settings.api_url, settings.login_url) == (api, login)


@pytest.mark.parametrize(
    ("values", "what"),
    [
        ({"stale_after": 0}, "stale_after: Input should be greater than 0"),
        ({"stale_after": "nan"}, "stale_after: Input should be a finite number"),
        ({"spike_ms": -1}, "spike_ms: Input should be greater than 0"),
        ({"max_attempts": -1}, "max_attempts: Input should be greater than or equal to 0"),
        ({"max_attempts": 1.5}, "max_attempts: Input should be a valid integer"),
        ({"audio_queue": 0}, "audio_queue: Input should be greater than or equal to 1"),
        ({"audio_rate": 4000}, "audio_rate: Input should be greater than or equal to 8000"),
        ({"drop_policy": "random"}, "drop_policy: Input should be 'oldest' or 'newest'"),
        ({"ping_interval": True}, "ping_interval: Value error, must not be true or false"),
        ({"duration": True}, "duration: Value error, must not be true or false"),
        ({"app_id": "a/../b"}, "app_id: String should match pattern"),
        ({"say": ["hello", " "]}, "say: String should have at least 1 character"),
        ({"backoff_base": 60}, "backoff_cap: Value error, must not be below backoff_base, 60"),
        ({"ca_file": "/does/not/exist.pem"}, "ca_file: Path does not point to a file"),
        ({"unheard_of": 1}, "unheard_of: Extra inputs are not permitted"),
    ],
)
def test_a_value_out_of_bounds_is_refused(values: dict[str, object], what: str) -> None:
    assert refusal(**values).startswith(what)


@pytest.mark.parametrize(
    "url", ["wss://bridge.example.net/ws?sig=abc", "ws://127.0.0.1:8765/ws", "ws://[::1]/", "ws://localhost/"]
)
def test_an_address_to_dial_may_be_plain_on_this_machine_only(url: str) -> None:
    assert Settings(url=url).url == url


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("url", "ws://bridge.example.net/ws", "must begin with wss://; plain ws goes to this machine only"),
        ("url", "https://bridge.example.net/ws", "must be an address that begins with wss://"),
        ("url", "bridge.example.net", "must be an address that begins with wss://"),
        ("url", "wss://user:pass@bridge.example.net/", "must not hold a user or password"),
        ("url", "wss://bridge.example.net:99999/", "must have a port from 1 to 65535"),
        ("url", "wss://bridge.example.net/a b", "must be a well-formed address"),
        ("base_url", "http://api.example.net", "must begin with https://; plain http goes to this machine only"),
        ("base_url", "https://api.example.net/?a=b", "must end with its path"),
        ("token_url", "http://login.example.net", "must begin with https://"),
        ("token_url", "https://", "must be an address that begins with https://"),
    ],
)
def test_an_address_that_would_not_do_is_refused(name: str, value: str, what: str) -> None:
    assert what in refusal(**{name: value})


def test_insecure_allows_plain_addresses_elsewhere() -> None:
    settings = Settings(
        insecure=True,
        url="ws://bridge.example.net/ws",
        base_url="http://api.example.net",
        upstream="ws://bot.example.net",
    )
    assert settings.upstream == "ws://bot.example.net"
    assert (settings.url, settings.base_url) == ("ws://bridge.example.net/ws", "http://api.example.net")


def test_one_utterance_needs_no_list() -> None:
    assert Settings.model_validate({"say": "where is my parcel"}).say == ("where is my parcel",)


def test_a_tilde_is_the_home_directory() -> None:
    assert Settings.model_validate({"log_file": "~/link.log"}).log_file == Path.home() / "link.log"


def test_a_call_needs_an_address_and_credentials() -> None:
    with pytest.raises(ConfigError, match="neither url nor app_id") as nobody:
        Settings().require_call()
    assert "--app-id" in nobody.value.remedy
    with pytest.raises(ConfigError, match="GENESYS_CLIENT_ID and GENESYS_CLIENT_SECRET"):
        Settings(app_id="app-31c0").require_call()
    with pytest.raises(ConfigError, match="missing: GENESYS_CLIENT_SECRET"):
        Settings(app_id="app-31c0", client_id="c").require_call()
    Settings(url="wss://bridge.example.net/ws", auth="none").require_call()
    Settings.model_validate({"app_id": "app-31c0", "client_id": "c", "client_secret": "s"}).require_call()


def test_the_secret_is_shown_nowhere_but_to_the_worker(tmp_path: Path) -> None:
    ca_file = tmp_path / "ca.pem"
    authority("good").cert_pem.write_to_path(str(ca_file))
    settings = Settings.model_validate(
        {
            "client_secret": "hunter2-hunter2",
            "url": "wss://bridge.example.net/ws?sig=signature-1",
            "say": ["a", "b"],
            "ca_file": str(ca_file),
            "duration": 5,
        }
    )
    assert "hunter2" not in f"{settings!r} {settings} {settings.model_dump()} {settings.model_dump_json()}"
    assert "signature-1" not in f"{settings!r} {settings}"
    piped = json.loads(json.dumps(settings.to_worker()))
    assert piped["client_secret"] == "hunter2-hunter2"
    assert Settings.from_worker(piped) == settings


def test_a_replaced_setting_is_checked_like_the_rest() -> None:
    settings = Settings(stale_after=12)
    changed = settings.replace(base_url="http://127.0.0.1:1", client_secret="s")
    assert (changed.api_url, changed.stale_after, settings.base_url) == ("http://127.0.0.1:1", 12, None)
    assert changed.client_secret is not None
    with pytest.raises(ValidationError):
        settings.replace(base_url="http://api.example.net")


@pytest.mark.parametrize(
    ("values", "query"),
    [
        ({}, "details"),
        ({"region": "eu_west_1"}, "details"),
        ({"base_url": "https://api.mypurecloud.de"}, "details"),
        ({"base_url": "https://api.usw2.pure.cloud", "analytics": "off"}, "off"),
        ({"auth": "none"}, "off"),
        ({"region": "example.net"}, "off"),
        ({"base_url": "https://bridge.example.net"}, "off"),
        ({"base_url": "http://127.0.0.1:8080"}, "off"),
        ({"base_url": "http://127.0.0.1:8080", "analytics": "tutorial"}, "tutorial"),
    ],
)
def test_genesys_is_asked_by_itself_only_where_the_api_is_its_own(values: dict[str, str], query: str) -> None:
    assert Settings.model_validate(values).analytics_query == query


def test_genesys_cloud_is_asked_once_a_minute_at_most_and_never_without_a_token() -> None:
    login = {"client_id": "c", "client_secret": "s", "app_id": "app-31c0"}
    with pytest.raises(ConfigError, match="analytics_every 5 asks Genesys Cloud too often"):
        Settings.model_validate({**login, "analytics_every": 5}).require_call()
    Settings.model_validate({**login, "analytics_every": 5, "analytics": "off"}).require_call()
    mock = {**login, "analytics_every": 5, "analytics": "details", "base_url": "http://127.0.0.1:1"}
    Settings.model_validate(mock).require_call()
    with pytest.raises(ConfigError, match="analytics details needs a token"):
        Settings(url="wss://bridge.example.net/ws", auth="none", analytics="details").require_call()


# -- a Cognigy endpoint -----------------------------------------------------------------------------------

TOKEN = "4be1c0de" * 8


@pytest.mark.parametrize("ending", [f"/{TOKEN}", f"/{TOKEN}/", f"/test/{TOKEN}"])
@pytest.mark.parametrize(("dialect", "scheme"), [("cognigy", "wss"), ("cognigy-rest", "https")])
def test_the_token_is_taken_out_of_an_address_as_cognigy_shows_it(dialect: str, scheme: str, ending: str) -> None:
    settings = Settings.model_validate({"dialect": dialect, "url": f"https://endpoint-trial.cognigy.ai{ending}"})
    assert settings.url == f"{scheme}://endpoint-trial.cognigy.ai"
    assert settings.url_token is not None
    assert settings.url_token.get_secret_value() == TOKEN
    assert TOKEN not in repr(settings)
    assert TOKEN not in json.dumps(settings.to_record())
    settings.require_call()
    assert Settings.from_worker(settings.to_worker()) == settings


def test_an_endpoint_is_given_time_and_no_token_of_genesys_is_fetched() -> None:
    settings = Settings(dialect="cognigy")
    assert (settings.silent_failure_after, settings.turn_limit, settings.test_mode) == (30, 30, True)
    assert (settings.authorizes, settings.analytics_query) == (False, "off")
    assert Settings(dialect="cognigy", silent_failure_after=3).silent_failure_after == 3


@pytest.mark.parametrize(
    ("values", "missing"), [({}, "url is not set"), ({"url": "https://host"}, "CALLSCOPE_URL_TOKEN")]
)
def test_an_endpoint_needs_its_address_and_its_token(values: dict[str, str], missing: str) -> None:
    with pytest.raises(ConfigError, match=missing):
        Settings.model_validate({"dialect": "cognigy", **values}).require_call()


def test_plain_text_goes_to_this_machine_only() -> None:
    assert "plain ws goes to this machine only" in refusal(dialect="cognigy", url="http://endpoint.example.net")
    assert Settings(dialect="cognigy", url="http://127.0.0.1:8080").url == "ws://127.0.0.1:8080"


@pytest.mark.parametrize("name", ["a b", "a/b", "ä", "a.b", "x" * 201])
def test_a_session_has_a_name_that_stands_in_an_address_as_it_is(name: str) -> None:
    assert refusal(dialect="cognigy", session_id=name).startswith("session_id")


def test_the_keys_of_the_intent_are_one_or_two() -> None:
    assert Settings.model_validate({"intent_keys": "data.nlu.intent"}).intent_keys == ("data.nlu.intent",)
    assert refusal(intent_keys="a, b, c").startswith("intent_keys")
