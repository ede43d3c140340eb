"""The signature of the upgrade request, rule by rule (audiohook.md, 2)."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode

import pytest

from dashboard.dialects.audiohook_signature import (
    COMPONENTS,
    Flaw,
    Keyring,
    Nonces,
    SignedRequest,
    sign,
    verify,
)

KEY = "lab-key-01"
SECRET = "ZGFzaC1sYWItc2hhcmVkLXNlY3JldC0wMDQy"
KEYS = Keyring.read([f"{KEY}:{SECRET}", "bare-key"])
CREATED = 1760000000
NONCE = "Tm9uY2VGb3JUaGVMYWJWZWN0b3I="
NAMES = " ".join(f'"{name}"' for name in COMPONENTS)
PLAIN = {
    "audiohook-organization-id": "5d6c1f0a-3b7e-4c52-9a41-0e8f7b2d6c11",
    "audiohook-session-id": "a1b2c3d4-0001-4000-8000-00000000c0de",
    "audiohook-correlation-id": "a1b2c3d4-0002-4000-8000-00000000c0de",
    "x-api-key": KEY,
}


def request(**headers: str) -> SignedRequest:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return SignedRequest("/hook/ws?bot=demo", "bridge.example.net:8443", PLAIN | named)


def signed(names: str = NAMES, parameters: str | None = None, *, key: str = KEY, created: int = CREATED) -> str:
    """Return a Signature-Input."""
    if parameters is None:
        parameters = f';keyid="{key}";nonce="{NONCE}";alg="hmac-sha256";created={created};expires={created + 30}'
    return f"sig1=({names}){parameters}"


def proven(signature_input: str, *, authority: str = "bridge.example.net:8443", **headers: str) -> SignedRequest:
    """Return a request whose signature fits its Signature-Input, by the rules of section 2 written down once more."""
    import hashlib

    plain = request(**headers)
    verbatim = signature_input.partition("=")[2]
    lines = []
    for name in verbatim.partition(")")[0][1:].replace('"', "").split():
        derived = {"@request-target": plain.target, "@authority": authority.lower()}
        lines.append(f'"{name}": {derived.get(name) or plain.headers[name].strip()}')
    base = "\n".join([*lines, f'"@signature-params": {verbatim}'])
    digest = hmac.new(b64decode(SECRET), base.encode(), hashlib.sha256).digest()
    proof = {"signature-input": signature_input, "signature": f"sig1=:{b64encode(digest).decode()}:"}
    return SignedRequest(plain.target, authority, {**plain.headers, **proof})


def _underscored(headers: dict[str, str]) -> dict[str, str]:
    return {name.lower().replace("-", "_"): value for name, value in headers.items()}


def flaw(one: SignedRequest, *, now: float = CREATED + 1.0, keys: Keyring = KEYS) -> Flaw | None:
    refused = verify(one, keys, now)
    return None if refused is None else refused.flaw


def test_the_vector_verifies() -> None:
    vector = request(signature_input=signed(), signature="sig1=:1gsxt26UINRXrY7d2ZeXgyFJasYTRo6KHBe4vqCsaBw=:")
    assert flaw(vector) is None


def test_what_we_sign_is_the_vector() -> None:
    headers = sign(request(), b64decode(SECRET), nonce=NONCE, now=CREATED + 0.9)
    assert headers == {
        "Signature-Input": signed(),
        "Signature": "sig1=:1gsxt26UINRXrY7d2ZeXgyFJasYTRo6KHBe4vqCsaBw=:",
    }


def test_the_components_count_in_the_order_of_the_request() -> None:
    backwards = " ".join(f'"{name}"' for name in reversed(COMPONENTS))
    assert flaw(proven(signed(backwards))) is None


def test_more_may_be_covered() -> None:
    one = proven(signed(f'{NAMES} "user-agent"'), user_agent="GenesysCloud-AudioHook-Client")
    assert flaw(one) is None
    assert flaw(SignedRequest(one.target, one.authority, {**one.headers, "user-agent": "other"})) is Flaw.MISMATCH


@pytest.mark.parametrize("missing", COMPONENTS)
def test_each_of_the_six_must_be_covered(missing: str) -> None:
    names = " ".join(f'"{name}"' for name in COMPONENTS if name != missing)
    assert flaw(proven(signed(names))) is Flaw.NOT_COVERED


@pytest.mark.parametrize(
    ("target", "authority", "header"),
    [
        ("/hook/ws", "bridge.example.net:8443", {}),
        ("/hook/ws?bot=demo", "bridge.example.net", {}),
        ("/hook/ws?bot=demo", "bridge.example.net:8443", {"audiohook-session-id": "other"}),
    ],
)
def test_what_was_changed_on_the_way_is_noticed(target: str, authority: str, header: dict[str, str]) -> None:
    one = proven(signed())
    assert flaw(SignedRequest(target, authority, {**one.headers, **header})) is Flaw.MISMATCH


def test_the_authority_is_compared_in_lower_case_and_without_the_usual_port() -> None:
    one = proven(signed(), authority="bridge.example.net")
    for authority in ("Bridge.Example.NET", "bridge.example.net:443"):
        assert flaw(SignedRequest(one.target, authority, one.headers)) is None


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        (f';keyid="{KEY}";nonce="{NONCE[:21]}";created={CREATED}', Flaw.SHORT_NONCE),
        (f';keyid="{KEY}";nonce="{NONCE[:22]}";created={CREATED}', None),
        (f';keyid="{KEY}";created={CREATED}', Flaw.SHORT_NONCE),
        (f';keyid="bare-key";nonce="{NONCE}";created={CREATED}', Flaw.OTHER_KEY),
        (f';nonce="{NONCE}";created={CREATED}', Flaw.OTHER_KEY),
        (f';keyid="{KEY}";nonce="{NONCE}";alg="hmac-sha512";created={CREATED}', Flaw.OTHER_ALGORITHM),
        (f';keyid="{KEY}";nonce="{NONCE}";created={CREATED};tag="app"', Flaw.UNKNOWN_PARAMETER),
        (f';keyid="{KEY}";nonce="{NONCE}"', Flaw.MALFORMED),
        (f';keyid="{KEY}";nonce="{NONCE}";created="{CREATED}"', Flaw.MALFORMED),
        (f';keyid="{KEY}";nonce=22;created={CREATED}', Flaw.MALFORMED),
        (f';keyid="{KEY}";nonce="{NONCE}";created={CREATED};created={CREATED}', Flaw.MALFORMED),
        (f';keyid="{KEY}";nonce="{NONCE}";created=-1', Flaw.MALFORMED),
        ("", Flaw.OTHER_KEY),
    ],
)
def test_the_parameters_are_those_of_the_protocol(parameters: str, expected: Flaw | None) -> None:
    assert flaw(proven(signed(parameters=parameters))) is expected


@pytest.mark.parametrize(
    ("age_s", "expected"),
    [(-3.0, None), (-3.5, Flaw.IN_THE_FUTURE), (0.0, None), (7.0, None), (7.5, Flaw.EXPIRED), (40.0, Flaw.EXPIRED)],
)
def test_a_signature_lives_for_seven_seconds(age_s: float, expected: Flaw | None) -> None:
    assert flaw(proven(signed()), now=CREATED + age_s) is expected


def test_it_may_say_that_it_expires_sooner() -> None:
    parameters = f';keyid="{KEY}";nonce="{NONCE}";created={CREATED};expires={CREATED + 5}'
    one = proven(signed(parameters=parameters))
    assert flaw(one, now=CREATED + 2.0) is None
    assert flaw(one, now=CREATED + 2.5) is Flaw.EXPIRED


def test_the_words_of_a_late_signature_speak_of_clocks() -> None:
    refused = verify(proven(signed()), KEYS, CREATED + 90.0)
    assert refused is not None
    assert refused.detail == "made 90 s ago: it came late, or one of the two clocks is off"


def test_another_secret_does_not_fit() -> None:
    others = Keyring.read([f"{KEY}:{b64encode(b'another secret').decode()}"])
    assert flaw(proven(signed()), keys=others) is Flaw.MISMATCH


def test_while_a_secret_is_being_changed_both_fit() -> None:
    old, new = b64encode(b"the old secret").decode(), SECRET
    keys = Keyring.read([f"{KEY}:{new}", f"{KEY}:{old}", "bare-key"])
    by_old = request(**_underscored(sign(request(), b64decode(old), nonce=NONCE, now=CREATED)))
    assert flaw(proven(signed()), keys=keys) is None
    assert flaw(by_old, keys=keys) is None
    assert flaw(by_old) is Flaw.MISMATCH
    assert flaw(request(), keys=keys) is Flaw.UNSIGNED
    assert (len(keys), keys.signs) == (2, False)


@pytest.mark.parametrize("entries", [(KEY, f"{KEY}:{SECRET}"), (f"{KEY}:{SECRET}", KEY), (KEY, KEY)])
def test_a_key_has_secrets_or_none(entries: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="stands there twice") as caught:
        Keyring.read(entries)
    assert KEY not in str(caught.value)


def test_one_key_after_another_may_come_in_each_with_its_own_secret() -> None:
    other = b64encode(b"another secret").decode()
    keys = Keyring.read([f"old-key:{other}", f"{KEY}:{SECRET}"])
    assert keys.signs
    assert flaw(proven(signed()), keys=keys) is None
    crossed = proven(signed(key="old-key"), x_api_key="old-key")
    assert flaw(crossed, keys=keys) is Flaw.MISMATCH


def test_every_key_is_compared_in_constant_time_whichever_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []
    same = hmac.compare_digest

    def count(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return same(one, other)

    keys = Keyring.read([f"first:{SECRET}", f"{KEY}:{SECRET}", f"last:{SECRET}"])
    monkeypatch.setattr(hmac, "compare_digest", count)
    for key in ("first", KEY, "last", "nobodys"):
        compared.clear()
        flaw(proven(signed(key=key), x_api_key=key), keys=keys)
        assert len(compared) == 4, "three keys and a signature"


def test_a_signature_lets_in_once() -> None:
    nonces = Nonces()
    assert verify(proven(signed()), KEYS, CREATED - 2.5, nonces) is None
    for now in (CREATED - 2.5, CREATED + 7.0):
        again = verify(proven(signed()), KEYS, now, nonces)
        assert again is not None
        assert again.flaw is Flaw.REPLAYED
    assert verify(proven(signed()), KEYS, CREATED + 1.0, Nonces()) is None


def test_only_what_was_accepted_is_a_nonce_that_was_used_and_it_is_forgotten() -> None:
    nonces = Nonces()
    forged = request(signature_input=signed(), signature="sig1=:AAAA:")
    for _ in range(100):
        assert verify(forged, KEYS, CREATED + 1.0, nonces) is not None
    assert len(nonces) == 0
    assert verify(proven(signed()), KEYS, CREATED + 1.0, nonces) is None
    later = CREATED + 60
    assert verify(proven(signed(created=later)), KEYS, later, nonces) is None
    assert len(nonces) == 1


def test_a_key_without_a_secret_comes_in_unsigned_and_only_so() -> None:
    assert flaw(request(x_api_key="bare-key")) is None
    one = proven(signed(key="bare-key"), x_api_key="bare-key")
    assert flaw(one) is Flaw.NO_SECRET


def test_a_key_with_a_secret_must_be_signed_for() -> None:
    assert flaw(request()) is Flaw.UNSIGNED


def test_an_unknown_key_is_refused_signed_or_not() -> None:
    assert flaw(request(x_api_key="nobodys")) is Flaw.KEY_UNKNOWN
    assert flaw(proven(signed(key="nobodys"), x_api_key="nobodys")) is Flaw.KEY_UNKNOWN


@pytest.mark.parametrize("key", ["", "two, keys", "=only", "key===", "ключ"])
def test_without_a_possible_key_nobody_comes_in(key: str) -> None:
    assert flaw(request(x_api_key=key)) is Flaw.KEY_MISSING


@pytest.mark.parametrize(
    ("signature_input", "signature"),
    [
        (None, "sig1=:AAAA:"),
        (signed(), None),
        (signed(), "sig2=:AAAA:"),
        (signed(), "sig1=AAAA"),
        (signed(), "sig1=:AAAA:, sig2=:AAAA:"),
        (f"{signed()}, sig2=()", "sig1=:AAAA:"),
        ('sig1=("a";sf "b")', "sig1=:AAAA:"),
        (signed(f"{NAMES} {NAMES}"), "sig1=:AAAA:"),
        ("sig1=(" + '"a"' * 1000, "sig1=:AAAA:"),
        ("(((((((((", ":"),
        ("", ""),
    ],
)
def test_headers_that_cannot_be_read_are_refused(signature_input: str | None, signature: str | None) -> None:
    given = {"signature_input": signature_input, "signature": signature}
    assert flaw(request(**{name: value for name, value in given.items() if value is not None})) is Flaw.MALFORMED


def test_a_signature_that_is_no_base64_or_too_short_does_not_fit() -> None:
    for signature in ("sig1=:=:", "sig1=:AAAA:", "sig1=::"):
        assert flaw(request(signature_input=signed(), signature=signature)) is Flaw.MISMATCH


@pytest.mark.parametrize("name", ["@signature-params", "@method", "x-other"])
def test_what_the_request_does_not_have_cannot_be_covered(name: str) -> None:
    one = request(signature_input=signed(f'{NAMES} "{name}"'), signature="sig1=:AAAA:")
    assert flaw(one) is Flaw.UNKNOWN_COMPONENT


@pytest.mark.parametrize("entry", ["", ":c2VjcmV0", "key:", "key:not base64", "key:c2VjcmV", "two words"])
def test_an_entry_that_is_no_key_is_refused_without_repeating_it(entry: str) -> None:
    with pytest.raises(ValueError, match=r"^an? ") as caught:
        Keyring.read([entry])
    assert not entry or entry not in str(caught.value)


def test_a_keyring_shows_no_secret() -> None:
    assert SECRET not in repr(KEYS)
    assert KEY not in f"{KEYS} {request()!r}"
    assert not KEYS.signs
    assert Keyring.read([f"{KEY}:{SECRET}"]).signs
