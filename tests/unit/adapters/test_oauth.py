"""Access tokens: asked for once, replaced before they expire, never shown."""

import base64
import json
from urllib.parse import parse_qs

import pytest

from offkey.adapters import oauth
from offkey.adapters.endpoint import Endpoint, OAuth2
from offkey.adapters.http import Reply
from offkey.adapters.oauth import EARLY_SECONDS, Tokens
from offkey.core.errors import BadResponse, ConfigError, SourceDown

CANARY = "canary-55e1"
URL = "https://login.example/tenant/token?v=2"


class Server:
    """A server of tokens whose answers are known beforehand: (status, body)."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), []

    def call(self, method, path, *, timeout, payload):
        """Return the next answer."""
        form = {name: value for name, (value,) in parse_qs(payload.content.decode()).items()}
        self.asked.append((method, path, form, payload.headers.get("Authorization"), timeout))
        status, body = self.answers.pop(0)
        return Reply(status, json.dumps(body).encode() if isinstance(body, dict) else body)

    def close(self):
        """Nothing to let go."""


@pytest.fixture
def clock(monkeypatch):
    """Return the clock that tokens live by; its `now` may be moved."""

    class Clock:
        now = 1000.0

        def monotonic(self):
            return self.now

    found = Clock()
    monkeypatch.setattr(oauth, "time", found)
    return found


@pytest.fixture
def tokens(clock, tmp_path):
    """Return a function that gives the tokens of one client from such a server."""
    (tmp_path / "secret").write_text(f"{CANARY}:+\n")

    def made(server, **settings):
        return Tokens(OAuth2("me@home", tmp_path / "secret", URL, **settings), server)

    return made


def good(name, seconds=60):
    """Return an answer with a token."""
    return 200, {"access_token": name, "token_type": "Bearer", "expires_in": seconds}


def test_a_token_is_asked_for_once_and_replaced_shortly_before_its_end(tokens, clock):
    """The grant is the client's own; name and secret are encoded as the RFC says; the deadline is passed on."""
    server = Server(good("first"), good("second"))
    found = tokens(server, scopes=("read", "all"), endpoint_params={"audience": "prom"})
    assert [found.current(5.0), found.current(5.0)] == ["first", "first"]
    clock.now += 60 - EARLY_SECONDS
    assert found.current(5.0) == "second"
    method, path, form, header, timeout = server.asked[0]
    assert (method, path, timeout) == ("POST", "/tenant/token?v=2", 5.0)
    assert form == {"grant_type": "client_credentials", "scope": "read all", "audience": "prom"}
    assert base64.b64decode(header.removeprefix("Basic ")).decode() == f"me%40home:{CANARY}%3A%2B"


def test_a_token_without_an_end_is_kept_until_it_is_refused(tokens, clock):
    """Servers may leave out how long a token is good for."""
    server = Server((200, {"access_token": "first"}), (200, {"access_token": "second"}))
    found = tokens(server)
    assert found.current(5.0) == "first"
    clock.now += 1e9
    assert found.current(5.0) == "first"
    found.forget()
    assert found.current(5.0) == "second"


def test_a_server_that_reads_names_in_the_form_alone_gets_them_there(tokens):
    """It is asked the second way at once, and from then on only that way."""
    server = Server((401, {"error": "invalid_client"}), good("first"), good("second"))
    found = tokens(server)
    assert found.current(5.0) == "first"
    found.forget()
    assert found.current(5.0) == "second"
    assert [header is None for *_, header, _ in server.asked] == [False, True, True]
    assert server.asked[-1][2]["client_secret"] == f"{CANARY}:+"


@pytest.mark.parametrize(
    ("answers", "kind", "said"),
    [
        (
            [(401, b"who?"), (400, {"error": "invalid_client"})],
            SourceDown,
            "answered 400: .*invalid_client.*; check oauth2",
        ),
        ([(404, b"no such page")], SourceDown, "answered 404: no such page"),
        ([(200, b"<html>")], BadResponse, "not with a token as JSON"),
        ([(200, b"[]")], BadResponse, "not with a token as JSON"),
        ([(200, {"expires_in": 60})], BadResponse, "not with a token as JSON"),
        ([(200, {"access_token": "a", "token_type": "mac"})], BadResponse, "no bearer token"),
        ([(200, {"access_token": "a\r\nEvil: 1"})], BadResponse, "no bearer token"),
    ],
)
def test_no_token_says_why_and_where_without_the_secret(tokens, answers, kind, said):
    """The address of the server of tokens, its words, and what to look at."""
    with pytest.raises(kind, match=said) as caught:
        tokens(Server(*answers)).current(5.0)
    assert str(caught.value).startswith(URL)
    assert CANARY not in str(caught.value)


@pytest.mark.parametrize("url", ["login.example/token", "https://me:word@login.example/token", ""])
def test_the_address_of_tokens_must_be_one(tmp_path, url):
    """Before anything is sent anywhere."""
    with pytest.raises(ConfigError, match=r"oauth2\.token_url"):
        Endpoint("http://localhost:9090", oauth2=OAuth2("me", tmp_path / "secret", url))
