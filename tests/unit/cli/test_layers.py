from __future__ import annotations

from pathlib import Path

import pytest

from dashboard.cli.layers import Given, load
from dashboard.cli.settings import Settings
from dashboard.errors import ConfigError

DIAL = {"url": Given("wss://bridge.example.net/ws", "--url"), "auth": Given("none", "--auth")}
"""Flags with which there is a call to dial."""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def write(file: Path, text: str) -> Path:
    file.write_text(text, encoding="utf-8")
    file.chmod(0o600)
    return file


def probe(file: Path, *, profile: str | None = None, environ: dict[str, str] | None = None, **flags: Given) -> Settings:
    return load("probe", flags=DIAL | flags, environ=environ or {}, config=file, profile=profile)


def refused(
    file: Path, *, profile: str | None = None, environ: dict[str, str] | None = None, **flags: Given
) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        probe(file, profile=profile, environ=environ, **flags)
    return caught.value


def test_a_later_layer_wins(file: Path) -> None:
    write(
        file,
        "stale_after = 1\nping_interval = 1\nspike_ms = 1\nbuffer_ms = 1\n"
        "[prod]\nping_interval = 2\nspike_ms = 2\nbuffer_ms = 2\n",
    )
    environ = {"CALLSCOPE_SPIKE_MS": "3", "CALLSCOPE_BUFFER_MS": "3"}
    settings = probe(file, profile="prod", environ=environ, buffer_ms=Given("4", "--buffer-ms"))
    assert settings.ping_timeout == 10
    assert (settings.stale_after, settings.ping_interval, settings.spike_ms, settings.buffer_ms) == (1, 2, 3, 4)


def test_without_a_profile_the_tables_are_left_alone(file: Path) -> None:
    write(file, "ping_interval = 1\n[prod]\nping_interval = -2\n")
    assert probe(file).ping_interval == 1


def test_the_environment_speaks_text(file: Path) -> None:
    environ = {
        "CALLSCOPE_RECONNECT_ON_1000": "false",
        "CALLSCOPE_SAY": "where is my parcel",
        "CALLSCOPE_DURATION": "2.5",
        "CALLSCOPE_PING_TIMEOUT": "",
        "CALLSCOPE_DEBUG": "1",
        "GENESYS_CLIENT_ID": "client-1",
        "GENESYS_CLIENT_SECRET": "hunter2-hunter2",
        "TARGET_CONVERSATION_ID": "conversation-1",
        "GENESYS_CLOUD_OTHER_TOOL": "not ours",
    }
    settings = probe(write(file, ""), environ=environ)
    assert (settings.reconnect_on_1000, settings.say, settings.duration) == (False, ("where is my parcel",), 2.5)
    assert settings.ping_timeout == 10, "an empty variable counts as not set"
    assert (settings.client_id, settings.conversation_id) == ("client-1", "conversation-1")
    assert settings.client_secret is not None
    assert settings.client_secret.get_secret_value() == "hunter2-hunter2"


def test_a_command_does_not_see_what_it_has_no_use_for(file: Path) -> None:
    write(file, 'url = "no address"\nclient_secret = "hunter2"\nspike_ms = 100\n')
    settings = load("analyze", flags={}, environ={"GENESYS_BASE_URL": "nonsense"}, config=file)
    assert settings == Settings(spike_ms=100)


def test_a_command_that_dials_needs_somebody_to_call(file: Path) -> None:
    with pytest.raises(ConfigError, match="there is no call to dial"):
        load("watch", flags={}, environ={}, config=write(file, ""))


def test_a_refused_value_says_where_it_stands_and_what_the_setting_means(file: Path) -> None:
    write(file, "# mine\n[prod]\nspike_ms = 100\nstale_after = -3\n")
    error = refused(file, profile="prod")
    assert str(error) == f"{file}:4, [prod] stale_after: must be greater than 0 (got -3)"
    assert error.remedy == (
        "stale_after: Seconds without an inbound message after which the socket is replaced. Default: 30."
    )


def test_a_refused_value_names_the_layer_that_it_came_from(file: Path) -> None:
    write(file, "stale_after = -1\n")
    assert str(refused(file)).startswith(f"{file}:1, stale_after: must be greater than 0 (got -1)")
    environ = {"CALLSCOPE_STALE_AFTER": "soon"}
    assert str(refused(file, environ=environ)) == "CALLSCOPE_STALE_AFTER: must be a number (got soon)"
    late = Given("-2", "--stale-after")
    assert str(refused(file, environ=environ, stale_after=late)) == "--stale-after: must be greater than 0 (got -2)"


def test_a_default_that_no_longer_fits_says_that_it_is_one(file: Path) -> None:
    error = refused(write(file, "backoff_base = 60\n"))
    assert str(error) == "backoff_cap (its default): must not be below backoff_base, 60 (got 30)"


def test_all_refused_values_are_told_at_once(file: Path) -> None:
    write(
        file, 'ping_interval = true\naudio_format = "opus"\napp_id = "a b"\nca_file = "/does/not/exist"\nsay = [""]\n'
    )
    assert sorted(str(refused(file)).splitlines()) == [
        f"{file}:1, ping_interval: must not be true or false (got true)",
        f"{file}:2, audio_format: must be 'pcm16' or 'pcmu' (got opus)",
        f"{file}:3, app_id: must be an id: letters, digits and _ . : @ + - (got a b)",
        f"{file}:4, ca_file: must be a file that exists (got /does/not/exist)",
        f"{file}:5, say: must not be empty (got )",
    ]


def test_a_refused_value_shows_no_secret(file: Path) -> None:
    signed = refused(write(file, ""), url=Given("https://bridge.example.net/?sig=hunter2-hunter2", "--url"))
    secret = refused(write(file, "client_secret = 12345678\n"))
    assert "hunter2" not in f"{signed} {signed.remedy}"
    assert str(secret) == f"{file}:1, client_secret: must be a valid string"
    assert signed.__cause__ is None
    assert signed.__suppress_context__


def test_an_unknown_key_is_answered_with_its_line_and_the_nearest_name(file: Path) -> None:
    error = refused(write(file, "spike_ms = 100\n\n[prod]\nstale-after = 3\n"))
    assert str(error) == f"{file}:4, [prod] stale-after: there is no such setting"
    assert error.remedy == "Did you mean stale_after?"
    assert "list every setting" in refused(write(file, "zzz = 1\n")).remedy


def test_an_unknown_variable_of_ours_is_refused(file: Path) -> None:
    error = refused(write(file, ""), environ={"CALLSCOPE_PIN_INTERVAL": "3"})
    assert str(error) == "CALLSCOPE_PIN_INTERVAL: there is no such setting"
    assert error.remedy == "Did you mean CALLSCOPE_PING_INTERVAL?"
    error = refused(file, environ={"CALLSCOPE_CLIENT_SECRET": "hunter2"})
    assert error.remedy == "Did you mean GENESYS_CLIENT_SECRET?"


def test_an_unknown_profile_is_answered_with_the_nearest_one(file: Path) -> None:
    error = refused(write(file, "[production]\n[test]\n"), profile="prodution")
    assert str(error) == f"{file}: there is no profile prodution"
    assert error.remedy == "Did you mean production?"
    assert refused(file, profile="").remedy == "A profile is a table of settings in that file."


def test_a_file_that_is_no_settings_file_is_refused(file: Path, tmp_path: Path) -> None:
    error = refused(write(file, "spike_ms = 100\nregion = mypurecloud.ie\n"))
    assert str(error).startswith(f"{file}: is not valid TOML: ")
    assert "line 2" in str(error)
    file.write_bytes(b"\xff\xfe")
    assert str(refused(file)) == f"{file}: is not UTF-8 text"
    assert str(refused(tmp_path / "nowhere.toml")).startswith(f"{tmp_path / 'nowhere.toml'}: cannot be read: ")
    assert "cannot be read" in str(refused(tmp_path))


def test_a_file_that_holds_a_secret_is_for_its_owner_alone(file: Path) -> None:
    write(file, '[prod]\nclient_secret = "hunter2-hunter2"\n')
    assert probe(file, profile="prod").client_secret is not None
    file.chmod(0o640)
    error = refused(file)
    assert str(error) == f"{file}: holds a secret and can be read by others"
    assert error.remedy == f"chmod 600 {file}"
    file.write_text("# client_secret comes from the environment\n")
    assert probe(file).client_secret is None


def test_the_users_own_file_need_not_exist(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("dashboard.cli.layers.user_config_path", lambda *_, **__: tmp_path)
    assert load("demo", flags={}, environ={}) == Settings()
    with pytest.raises(ConfigError, match=r"there is no profile prod: .*does not exist"):
        load("watch", flags={}, environ={}, profile="prod")
    write(tmp_path / "config.toml", "spike_ms = 150\n")
    assert load("demo", flags={}, environ={}) == Settings(spike_ms=150)
