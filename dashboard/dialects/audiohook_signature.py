"""The signature of an AudioHook upgrade request: HTTP message signatures, IETF draft 11, as the protocol uses them.

A request is authenticated by its API key, and by a signature where a client secret belongs to that key. What is signed
is named by the request itself, in its own order; six components must be among it.
"""

from __future__ import annotations

import binascii
import hmac
import re
from base64 import b64decode, b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

COMPONENTS = (
    "@request-target",
    "@authority",
    "audiohook-organization-id",
    "audiohook-session-id",
    "audiohook-correlation-id",
    "x-api-key",
)
"""What a signature must cover."""

ALGORITHM = "hmac-sha256"
SHORTEST_NONCE = 22
SKEW_S = 3
"""By so much the two clocks may differ."""
OLDEST_S = 10
LIFE_S = 30
"""What a signer says of its signature; it is taken for `OLDEST_S` at most."""

_KEY = re.compile(r"[a-zA-Z0-9+/_-]+={0,2}")
_LABELLED = re.compile(r"([a-z*][a-z0-9_.*-]*)=(\(([^()]*)\)(.*))", re.DOTALL)
_NAMES = re.compile(r' *(?:"[^"\\]*"(?: +"[^"\\]*")* *)?')
_NAME = re.compile(r'"([^"\\]*)"')
_PARAMETER = re.compile(r'; *([a-z*][a-z0-9_.*-]*)=("[^"\\]*"|\d{1,15})')
_SIGNATURE = re.compile(r"([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/=]*):")
_TEXTS, _NUMBERS = ("alg", "keyid", "nonce"), ("created", "expires")

_NOBODYS_SECRET = b"a key that is not known is checked like one that is"


def is_key(text: str) -> bool:
    """Tell whether this can be an API key."""
    return _KEY.fullmatch(text) is not None


class Flaw(StrEnum):
    """Why an upgrade is not authenticated."""

    KEY_MISSING = "key_missing"
    KEY_UNKNOWN = "key_unknown"
    UNSIGNED = "unsigned"
    NO_SECRET = "no_secret"
    MALFORMED = "malformed"
    UNKNOWN_PARAMETER = "unknown_parameter"
    NOT_COVERED = "not_covered"
    UNKNOWN_COMPONENT = "unknown_component"
    OTHER_KEY = "other_key"
    SHORT_NONCE = "short_nonce"
    OTHER_ALGORITHM = "other_algorithm"
    IN_THE_FUTURE = "in_the_future"
    EXPIRED = "expired"
    MISMATCH = "mismatch"
    REPLAYED = "replayed"


class Refused(NamedTuple):
    """The flaw, and what there is to say about it; never a word of key or signature."""

    flaw: Flaw
    detail: str


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """An upgrade request.

    target: path with query, exactly as on the request line. authority: the Host header. headers: by lower-case name,
    the values of a repeated one joined by ", ".
    """

    target: str
    authority: str
    headers: Mapping[str, str] = field(repr=False)


class Keyring:
    """API keys, each with its client secrets: none, one, or while it is being changed the new and the old one."""

    def __init__(self, secrets: Mapping[str, Sequence[bytes]]) -> None:
        self._secrets = {key: tuple(its_own) for key, its_own in secrets.items()}

    @classmethod
    def read(cls, entries: Iterable[str]) -> Keyring:
        """Read entries KEY or KEY:SECRET, the secret in base64 as Genesys shows it; raises ValueError.

        A key may stand there with several secrets, each of which fits; but not with one and without.
        """
        secrets: dict[str, list[bytes]] = {}
        for entry in entries:
            key, colon, encoded = entry.partition(":")
            if not is_key(key):
                raise ValueError("an API key is made of letters, digits and + / _ - with up to two = at its end")
            secret = _decoded(encoded) if colon else None
            if colon and not secret:
                raise ValueError("a client secret is base64, as Genesys shows it")
            if key in secrets and (secret is None or not secrets[key]):
                raise ValueError("an API key that stands there twice has another client secret each time")
            secrets.setdefault(key, [])
            secrets[key] += [secret] if secret else []
        return cls(secrets)

    def __len__(self) -> int:
        return len(self._secrets)

    def __repr__(self) -> str:
        return f"Keyring of {len(self)}"

    @property
    def signs(self) -> bool:
        """Whether every key has a secret, so that none gets in without a signature."""
        return bool(self._secrets) and all(self._secrets.values())

    def find(self, key: str) -> tuple[bool, tuple[bytes, ...]]:
        """Return whether `key` is known, and its secrets; takes as long for one key as for another."""
        known, secrets = False, tuple[bytes, ...]()
        for one, its_own in self._secrets.items():
            if hmac.compare_digest(one.encode(), key.encode()):
                known, secrets = True, its_own
        return known, secrets


class Nonces:
    """The nonces of signatures that were accepted, each for as long as its signature would be once more."""

    def __init__(self) -> None:
        self._forgotten_at: dict[tuple[str, str], float] = {}

    def __len__(self) -> int:
        return len(self._forgotten_at)

    def take(self, key: str, nonce: str, now: float) -> bool:
        """Return whether this is its first use."""
        for old in [one for one, until in self._forgotten_at.items() if until < now]:
            del self._forgotten_at[old]
        if (key, nonce) in self._forgotten_at:
            return False
        self._forgotten_at[key, nonce] = now + OLDEST_S  # 3 s early to 7 s late
        return True


def verify(request: SignedRequest, keys: Keyring, now: float, nonces: Nonces | None = None) -> Refused | None:
    """Return why a request is refused at `now` (Unix time, seconds), None for one that may come in.

    nonces: those that were used; without them a signature may be used again while it lives. Whoever refuses should
    answer after half a second at the earliest, whatever the flaw.
    """
    key = request.headers.get("x-api-key", "").strip()
    if not is_key(key):
        return Refused(Flaw.KEY_MISSING, "no X-API-KEY, or not one that can be a key")
    known, secrets = keys.find(key)
    signed = [name for name in ("signature-input", "signature") if name in request.headers]
    if len(signed) == 1:
        return Refused(Flaw.MALFORMED, f"{signed[0]} comes without the other")
    if not signed:
        if not known:
            return Refused(Flaw.KEY_UNKNOWN, "this API key is not known here")
        return Refused(Flaw.UNSIGNED, "this key has a secret, and the request no signature") if secrets else None
    try:
        proof = _read(request)
        _check_rules(proof, key, now)
        base = _base(request, proof)
    except _FlawedError as error:
        return error.refused
    fits = [hmac.compare_digest(_sign(base, one), proof.signature) for one in secrets or (_NOBODYS_SECRET,)]
    if not known:
        return Refused(Flaw.KEY_UNKNOWN, "this API key is not known here")
    if not secrets:
        return Refused(Flaw.NO_SECRET, "the request is signed, and this key has no secret here to check it with")
    if not any(fits):
        return Refused(Flaw.MISMATCH, "the signature is of another secret, host, path or header")
    if nonces is not None and not nonces.take(key, str(proof.parameters["nonce"]), now):
        return Refused(Flaw.REPLAYED, "this signature has let somebody in already: its nonce is used")
    return None


def sign(
    request: SignedRequest, secret: bytes, *, nonce: str, now: float, order: Sequence[str] = COMPONENTS
) -> dict[str, str]:
    """Return the headers Signature-Input and Signature for a request, which has its other headers already.

    nonce: at least 22 characters that were never used before; now: Unix time; order: that of the components.
    """
    created, key = int(now), request.headers["x-api-key"]
    names = " ".join(f'"{name}"' for name in order)
    parameters = f';keyid="{key}";nonce="{nonce}";alg="{ALGORITHM}";created={created};expires={created + LIFE_S}'
    proof = _Proof(tuple(order), {}, f"({names}){parameters}", b"")
    signature = b64encode(_sign(_base(request, proof), secret)).decode()
    return {"Signature-Input": f"sig1={proof.verbatim}", "Signature": f"sig1=:{signature}:"}


# -- what the headers say -----------------------------------------------------------------------------------


class _Proof(NamedTuple):
    components: tuple[str, ...]
    parameters: dict[str, str | int]
    verbatim: str  # what stands behind the label
    signature: bytes


class _FlawedError(Exception):
    def __init__(self, flaw: Flaw, detail: str) -> None:
        self.refused = Refused(flaw, detail)


def _read(request: SignedRequest) -> _Proof:
    stated = _LABELLED.fullmatch(request.headers["signature-input"].strip())
    given = _SIGNATURE.fullmatch(request.headers["signature"].strip())
    if stated is None or not _NAMES.fullmatch(stated[3]):
        raise _FlawedError(Flaw.MALFORMED, "Signature-Input is not one list of names with parameters")
    if given is None or given[1] != stated[1]:
        raise _FlawedError(Flaw.MALFORMED, "Signature is not the one that Signature-Input speaks of")
    names = tuple(_NAME.findall(stated[3]))
    if len(set(names)) < len(names):
        raise _FlawedError(Flaw.MALFORMED, "a component is named twice")
    return _Proof(names, _parameters(stated[4]), stated[2], _decoded(given[2]) or b"")


def _parameters(text: str) -> dict[str, str | int]:
    found: dict[str, str | int] = {}
    at = 0
    while at < len(text):
        one = _PARAMETER.match(text, at)
        if one is None or one[1] in found:
            raise _FlawedError(Flaw.MALFORMED, "the signature's parameters cannot be read")
        name, value, at = one[1], one[2], one.end()
        if name not in _TEXTS + _NUMBERS:
            raise _FlawedError(Flaw.UNKNOWN_PARAMETER, "there is a parameter that the protocol does not have")
        is_text = value.startswith('"')
        if is_text is not (name in _TEXTS):
            raise _FlawedError(Flaw.MALFORMED, f"{name} is of the wrong type")
        found[name] = value[1:-1] if is_text else int(value)
    return found


def _check_rules(proof: _Proof, key: str, now: float) -> None:
    said = proof.parameters
    lacking = [name for name in COMPONENTS if name not in proof.components]
    if lacking:
        raise _FlawedError(Flaw.NOT_COVERED, f"the signature does not cover {', '.join(lacking)}")
    if said.get("keyid") != key:
        raise _FlawedError(Flaw.OTHER_KEY, "keyid is not the key of X-API-KEY")
    if len(str(said.get("nonce", ""))) < SHORTEST_NONCE:
        raise _FlawedError(Flaw.SHORT_NONCE, f"the nonce has less than {SHORTEST_NONCE} characters")
    if said.get("alg", ALGORITHM) != ALGORITHM:
        raise _FlawedError(Flaw.OTHER_ALGORITHM, f"the algorithm is not {ALGORITHM}")
    _check_times(said.get("created"), said.get("expires"), now)


def _check_times(created: object, expires: object, now: float) -> None:
    if not isinstance(created, int):
        raise _FlawedError(Flaw.MALFORMED, "it does not say when it was made")
    age_s = now - created
    if age_s < -SKEW_S:
        raise _FlawedError(Flaw.IN_THE_FUTURE, f"made {-age_s:.0f} s from now: one of the two clocks is off")
    if created + OLDEST_S < now + SKEW_S or (isinstance(expires, int) and expires < now + SKEW_S):
        raise _FlawedError(Flaw.EXPIRED, f"made {age_s:.0f} s ago: it came late, or one of the two clocks is off")


# -- what is signed -----------------------------------------------------------------------------------------


def _base(request: SignedRequest, proof: _Proof) -> bytes:
    lines = [f'"{name}": {_value(request, name)}' for name in proof.components]
    return "\n".join([*lines, f'"@signature-params": {proof.verbatim}']).encode("utf-8", "surrogateescape")


def _value(request: SignedRequest, name: str) -> str:
    if name == "@request-target":
        return request.target
    if name == "@authority":
        return request.authority.strip().lower().removesuffix(":443")
    value = request.headers.get(name)
    if value is None or name.startswith("@"):
        raise _FlawedError(Flaw.UNKNOWN_COMPONENT, "it covers something that the request does not have")
    return value.strip()


def _sign(base: bytes, secret: bytes) -> bytes:
    return hmac.digest(secret, base, "sha256")


def _decoded(text: str) -> bytes | None:
    try:
        return b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
