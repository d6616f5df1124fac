import asyncio
import base64

import bcrypt
import pytest
from asgi import ask, ask_async

from offkey.app.webconfig.access import CHECKS_PER_MINUTE, Buckets, Guard
from offkey.app.webconfig.file import WebConfig

ADA = {"ada": bcrypt.hashpw(b"countess", bcrypt.gensalt(4))}


class Clock:
    """Seconds that pass when told."""

    now = 0.0

    def __call__(self):
        """Return the present."""
        return self.now


async def welcome(scope, receive, send):
    """Answer 200."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"welcome"})


def basic(user, password):
    """Return the header of a user's name and password."""
    word = f"{user}:{password}".encode() if isinstance(password, str) else user.encode() + b":" + password
    return [("Authorization", "Basic " + base64.b64encode(word).decode())]


def guard(clock=None, **facts):
    """Return a guard of the welcome under one web configuration."""
    config = WebConfig(**facts)
    return Guard(welcome, lambda: config, clock or Clock())


def test_without_users_everybody_may_read():
    """No web configuration asks for nothing."""
    assert ask(guard(), "/").status == 200


def test_the_right_password_lets_in():
    """Name and password of a user are an answer."""
    assert ask(guard(users=ADA), "/", headers=basic("ada", "countess")).text == "welcome"


@pytest.mark.parametrize(
    "headers",
    [
        [],
        basic("ada", "Countess"),
        basic("ada", ""),
        basic("eve", "countess"),
        basic("", "countess"),
        basic("ada", "countess\0"),
        basic("ada", "x" * 73),
        basic("ada", b"\xff"),
        [("Authorization", "Basic !!")],
        [("Authorization", "Basic YWRh")],
        [("Authorization", "Bearer countess")],
        basic("ada", "countess") * 2,
    ],
)
def test_anything_else_is_asked_for_a_password(headers):
    """401 with a challenge, whatever was sent; never 500."""
    answer = ask(guard(users=ADA), "/", headers=headers)
    assert answer.status == 401
    assert answer.headers["www-authenticate"].startswith("Basic ")


def test_a_long_password_is_not_cut_to_a_right_one():
    """Bcrypt reads 72 bytes; what agrees in those and goes on is another password."""
    long = "x" * 72
    users = {"ada": bcrypt.hashpw(long.encode(), bcrypt.gensalt(4))}
    assert ask(guard(users=users), "/", headers=basic("ada", long)).status == 200
    assert ask(guard(users=users), "/", headers=basic("ada", long + "y")).status == 401


def test_guesses_are_slowed_down_but_a_known_password_is_not():
    """After ten wrong passwords in a minute more are not even looked at; who was let in before still is."""
    clock = Clock()
    guarded = guard(clock, users=ADA)
    assert ask(guarded, "/", headers=basic("ada", "countess")).status == 200
    statuses = [ask(guarded, "/", headers=basic("ada", str(guess))).status for guess in range(CHECKS_PER_MINUTE)]
    assert statuses == [401] * (CHECKS_PER_MINUTE - 1) + [429]
    assert ask(guarded, "/", headers=basic("ada", "countess")).status == 200
    clock.now = 6.0
    assert ask(guarded, "/", headers=basic("ada", "new")).status == 401


def test_unknown_accounts_share_one_allowance():
    """Inventing names buys no further guesses."""
    guarded = guard(users=ADA)
    statuses = [ask(guarded, "/", headers=basic(f"eve{guess}", "x")).status for guess in range(CHECKS_PER_MINUTE + 1)]
    assert statuses == [401] * CHECKS_PER_MINUTE + [429]


def test_a_changed_hash_forgets_who_was_let_in():
    """A password that was right is wrong as soon as the file says so."""
    configs = [WebConfig(users=ADA)]
    guarded = Guard(welcome, lambda: configs[-1], Clock())
    assert ask(guarded, "/", headers=basic("ada", "countess")).status == 200
    configs.append(WebConfig(users={"ada": bcrypt.hashpw(b"other", bcrypt.gensalt(4))}))
    assert ask(guarded, "/", headers=basic("ada", "countess")).status == 401


def test_the_rate_limit_lets_bursts_through_and_refills():
    """Two at once and one a second are answered; the third at once is not."""
    clock = Clock()
    guarded = guard(clock, interval=1.0, burst=2)
    assert [ask(guarded, "/").status for _ in range(3)] == [200, 200, 429]
    clock.now = 1.0
    assert [ask(guarded, "/").status for _ in range(2)] == [200, 429]


def test_an_allowance_is_never_more_than_its_burst():
    """A long pause does not save up."""
    clock = Clock()
    buckets = Buckets(2, 1.0, clock)
    clock.now = 1e6
    assert [buckets.take("a") for _ in range(3)] == [True, True, False]
    assert buckets.take("b")


def test_requests_at_the_same_time_are_judged_alike():
    """Two clients that come with the same right password at once are both let in."""
    guarded = guard(users=ADA)

    async def both():
        return await asyncio.gather(*(ask_async(guarded, "/", headers=basic("ada", "countess")) for _ in range(2)))

    assert [answer.status for answer in asyncio.run(both())] == [200, 200]
