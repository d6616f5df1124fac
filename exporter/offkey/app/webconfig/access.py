"""Let in who may read: passwords are checked few at a time, guesses are slowed down, answers carry set headers."""

import asyncio
import base64
import binascii
import hashlib
import hmac
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

import bcrypt
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from offkey.app.webconfig.file import WebConfig

HASHES_AT_ONCE = 2  # a hash of cost 12 keeps a core busy for half a second
CHECKS_PER_MINUTE = 10  # of one account from one address; all unknown accounts count as one
REMEMBERED = 1_024  # outcomes and addresses that are kept
LONGEST_PASSWORD = 72  # bytes that bcrypt looks at

_NOBODY = bcrypt.hashpw(os.urandom(16), bcrypt.gensalt(10))


@dataclass
class Buckets:
    """Allowances by key; each fills up over time. The keys longest unused are forgotten."""

    burst: float
    per_second: float
    clock: Callable[[], float]
    _left: OrderedDict[Hashable, tuple[float, float]] = field(default_factory=OrderedDict)

    def take(self, key: Hashable) -> bool:
        """Use up one of a key's allowance; return False when there is none left."""
        now = self.clock()
        left, since = self._left.pop(key, (self.burst, now))
        left = min(self.burst, left + (now - since) * self.per_second)
        allowed = left >= 1.0
        self._left[key] = (left - allowed, now)
        if len(self._left) > REMEMBERED:
            self._left.popitem(last=False)
        return allowed


class Guard:
    """An application that only those may reach whom the web configuration in force lets in."""

    def __init__(
        self, app: ASGIApp, current: Callable[[], WebConfig], clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Guard an application.

        Args:
            app: what is guarded.
            current: the web configuration in force.
            clock: seconds since any fixed instant.
        """
        self._app, self._current, self._clock = app, current, clock
        self._guesses = Buckets(CHECKS_PER_MINUTE, CHECKS_PER_MINUTE / 60.0, clock)
        self._requests: tuple[tuple[float, int], Buckets] | None = None
        self._secret = os.urandom(32)
        self._outcomes: OrderedDict[bytes, bool] = OrderedDict()
        self._hashing = asyncio.Semaphore(HASHES_AT_ONCE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or refuse with 401 or 429."""
        config = self._current()
        refusal = self._limited(config) or await self._unknown(config, scope)
        await (refusal or self._app)(scope, receive, send)

    def _limited(self, config: WebConfig) -> ASGIApp | None:
        if not config.interval:
            return None
        wanted = (config.interval, config.burst)
        if self._requests is None or self._requests[0] != wanted:
            self._requests = (wanted, Buckets(config.burst, 1.0 / config.interval, self._clock))
        return None if self._requests[1].take(None) else _too_many("more requests than rate_limit allows\n")

    async def _unknown(self, config: WebConfig, scope: Scope) -> ASGIApp | None:
        """Return the refusal of a request without a user's name and password; None lets it in."""
        if not config.users:
            return None
        given = _credentials(scope)
        if given is None:
            return _who_are_you()
        user, password = given
        hashed = config.users.get(user, _NOBODY)
        key = self._key(user.encode(), password, hashed)
        known = self._outcomes.get(key)
        if known is None:
            account = user if user in config.users else ""
            if not self._guesses.take((account, (scope.get("client") or ("",))[0])):
                return _too_many("too many passwords from here; try again in a minute\n")
            async with self._hashing:
                known = await run_in_threadpool(_matches, password, hashed)
            self._remember(key, known and user in config.users)
        return None if self._outcomes.get(key, False) else _who_are_you()

    def _remember(self, key: bytes, outcome: bool) -> None:
        self._outcomes[key] = outcome
        if len(self._outcomes) > REMEMBERED:
            self._outcomes.popitem(last=False)

    def _key(self, *parts: bytes) -> bytes:
        """Return a mark of a user, password and hash that tells nothing about them; lengths keep parts apart."""
        framed = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
        return hmac.digest(self._secret, framed, hashlib.sha256)


def _credentials(scope: Scope) -> tuple[str, bytes] | None:
    found = [value for name, value in scope["headers"] if name == b"authorization"]
    scheme, _, encoded = found[0].partition(b" ") if len(found) == 1 else (b"", b"", b"")
    if scheme.lower() != b"basic":
        return None
    try:
        user, colon, password = base64.b64decode(encoded.strip(), validate=True).partition(b":")
        return (user.decode(), password) if colon else None
    except (binascii.Error, UnicodeError):
        return None


def _matches(password: bytes, hashed: bytes) -> bool:
    """Return whether a password is the hashed one; one too long for bcrypt costs the same and is not."""
    return bcrypt.checkpw(password[:LONGEST_PASSWORD], hashed) and len(password) <= LONGEST_PASSWORD


def _who_are_you() -> ASGIApp:
    return PlainTextResponse("name and password, please\n", 401, {"www-authenticate": 'Basic realm="offkey"'})


def _too_many(words: str) -> ASGIApp:
    return PlainTextResponse(words, 429, {"retry-after": "60"})
