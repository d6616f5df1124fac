from pathlib import Path

import pytest

from offkey.adapters.endpoint import TLS, Authorization, BasicAuth, Endpoint, OAuth2, secret
from offkey.core.errors import ConfigError, SourceDown

CANARY = "canary-7f3a"
URL = "http://localhost:9090"


def test_an_address_keeps_its_prefix_and_loses_its_last_slash():
    """Paths are put behind it."""
    assert Endpoint("https://mimir.example/prometheus/").url == "https://mimir.example/prometheus"


@pytest.mark.parametrize(
    "url",
    [
        "localhost:9090",
        "ftp://a",
        "http://",
        "http://a/?x=1",
        "http://a#b",
        "",
        "http://a:x",
        "http://a:99999",
        "http://[::1",
        "http://h\u00e9",
    ],
)
def test_an_address_must_be_one(url):
    """The message shows what was found and what would do."""
    with pytest.raises(ConfigError, match="write http://host:port"):
        Endpoint(url)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"url": f"http://me:{CANARY}@localhost"}, "basic_auth"),
        ({"basic_auth": BasicAuth("me", Path("p")), "authorization": Authorization(Path("t"))}, "one of them"),
        ({"authorization": Authorization(Path("t")), "oauth2": OAuth2("me", Path("s"), URL)}, "one of them"),
        ({"proxy_url": "proxy:3128"}, "proxy_url"),
        ({"proxy_url": f"http://me:{CANARY}@proxy:3128"}, "proxy_url"),
        ({"tls_config": TLS(cert_file=Path("c"))}, "go together"),
        ({"headers": {"X-Key\r\nEvil": "1"}}, "is not a header name"),
        ({"headers": {"X-Key": f"{CANARY}\r\nEvil: 1"}}, "headers.X-Key"),
        ({"headers": {"X-Key": f"{CANARY}\0"}}, "headers.X-Key"),
        ({"timeout": 0.0}, "above 0"),
        ({"max_body": 0}, "above 0"),
        ({"connections": 0}, "above 0"),
    ],
)
def test_settings_that_cannot_work_are_refused_without_showing_secrets(options, message):
    """One problem, named by its field."""
    with pytest.raises(ConfigError, match=message) as caught:
        Endpoint(**{"url": URL, **options})
    assert CANARY not in str(caught.value)


def test_header_values_are_not_shown():
    """A tenant's key in a header is as secret as a password."""
    assert CANARY not in repr(Endpoint(URL, headers={"X-Key": CANARY}))


def test_a_secret_is_read_when_it_is_needed(tmp_path):
    """A rotated file counts at once; white space around it does not."""
    path = tmp_path / "token"
    path.write_text("first\n")
    assert secret(path, "token") == "first"
    path.write_text("  second \n")
    assert secret(path, "token") == "second"


@pytest.mark.parametrize("content", [b"", b"\n", b"a\nb" + CANARY.encode(), b"\xff" + CANARY.encode(), b"a\0b"])
def test_a_file_that_holds_no_secret_is_an_error_without_its_content(tmp_path, content):
    """Nothing, several lines, control characters and other encodings are refused."""
    path = tmp_path / "token"
    path.write_bytes(content)
    with pytest.raises(SourceDown, match="token") as caught:
        secret(path, "authorization.credentials_file")
    assert CANARY not in str(caught.value)


def test_a_missing_secret_names_its_setting(tmp_path):
    """The message says which setting points where."""
    with pytest.raises(SourceDown, match=r"basic_auth\.password_file: cannot read .*absent: No such file"):
        secret(tmp_path / "absent", "basic_auth.password_file")
