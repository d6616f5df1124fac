import errno
import socket
import threading

import pytest

from offkey.app.server import Server
from offkey.core.errors import ConfigError


async def nothing(_scope, _receive, _send):
    """Answer nothing: these tests only listen."""


@pytest.fixture
def listening():
    """Return a function that opens a server, which is closed after the test."""
    opened = []

    def listen(*addresses):
        server = Server(nothing, addresses)
        opened.append(server)
        return server.open()

    yield listen
    for server in opened:
        server.close()


def test_a_free_port_is_told(listening):
    """Port 0 becomes the port that was found, on the host that was asked for."""
    (address,) = listening("127.0.0.1:0")
    host, _, port = address.rpartition(":")
    assert host == "127.0.0.1"
    assert int(port) > 0


def test_every_address_is_listened_on(listening):
    """The option may be repeated."""
    assert len(listening("127.0.0.1:0", "127.0.0.1:0")) == 2


def test_a_port_alone_is_every_interface(listening):
    """IPv4 clients reach `:PORT` as well."""
    (address,) = listening(":0")
    with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), timeout=5):
        pass


@pytest.mark.parametrize(
    "address",
    ["", "10955", "localhost", "::1:9", "[::1:9", "::1]:9", "[localhost]:9", ":-1", ":65536", ":x", ":²", "h:"],
)
def test_what_is_no_address_is_refused_with_an_example(address):
    """The message shows the text and what would be right."""
    with pytest.raises(ConfigError, match=r"127\.0\.0\.1:10955"):
        Server(nothing, [address]).open()


def test_a_taken_port_is_named_and_nothing_stays_open(listening):
    """The error says which address and why; addresses opened before it are let go."""
    (taken,) = listening("127.0.0.1:0")
    with pytest.raises(ConfigError, match=taken) as raised:
        Server(nothing, ["127.0.0.1:0", taken]).open()
    assert "in use" in str(raised.value)


def test_a_host_that_is_not_ours_is_refused():
    """An address of some other machine cannot be listened on."""
    with pytest.raises(ConfigError, match=r"192\.0\.2\.1:0"):
        Server(nothing, ["192.0.2.1:0"]).open()


def test_without_ipv6_a_port_alone_is_every_ipv4_interface(listening, monkeypatch):
    """A kernel that has IPv6 switched off is no obstacle, unless IPv6 was asked for."""
    real = socket.create_server

    def ipv4_only(address, **options):
        if options.get("family") == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, "Address family not supported by protocol")
        return real(address, **options)

    monkeypatch.setattr(socket, "create_server", ipv4_only)
    assert listening(":0")[0].startswith("0.0.0.0:")
    with pytest.raises(ConfigError, match="not supported"):
        Server(nothing, ["[::]:0"]).open()


def test_a_socket_file_is_served_as_long_as_the_server_runs(tmp_path):
    """`unix:PATH` is for a proxy on the same machine; the file is there as long as somebody answers."""

    async def empty(_scope, _receive, send):
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})

    path = tmp_path / "offkey.sock"
    server = Server(empty, [f"unix:{path}"])
    assert server.open() == [f"unix:{path}"]
    running = threading.Thread(target=server.run)
    running.start()
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        client.sendall(b"GET / HTTP/1.1\r\nHost: offkey\r\n\r\n")
        assert client.recv(4096).startswith(b"HTTP/1.1 204")
    server.stop()
    running.join(20.0)
    assert not path.exists()


def test_a_socket_file_is_taken_over_from_the_dead_only(tmp_path, listening):
    """What a killed process left is no obstacle; a living one keeps its file, and other files are never removed."""
    dead, other = tmp_path / "dead.sock", tmp_path / "notes.txt"
    with socket.socket(socket.AF_UNIX) as gone:
        gone.bind(str(dead))
    assert listening(f"unix:{dead}") == [f"unix:{dead}"]
    other.write_text("kept")
    for path in (dead, other):
        with pytest.raises(ConfigError, match=f"unix:{path}: Address already in use"):
            Server(nothing, [f"unix:{path}"]).open()
    assert dead.is_socket()
    assert other.read_text() == "kept"
