"""Ask an ASGI application one thing, without a network."""

import asyncio
from dataclasses import dataclass


@dataclass
class Answer:
    """What came back; header names are in lower case."""

    status: int
    headers: dict
    body: bytes

    @property
    def text(self):
        """Return the body as text."""
        return self.body.decode()


async def ask_async(app, path, method="GET", headers=(), body=b""):
    """Return the answer to one request; each header is a pair of texts."""
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(name.lower().encode(), value.encode()) for name, value in headers],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 2),
    }
    sent = []

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        sent.append(message)

    await app(scope, receive, send)
    found = {name.decode(): value.decode("latin-1") for name, value in sent[0]["headers"]}
    return Answer(sent[0]["status"], found, b"".join(message.get("body", b"") for message in sent[1:]))


def ask(app, path, method="GET", headers=(), body=b""):
    """Return the answer to one request."""
    return asyncio.run(ask_async(app, path, method, headers, body))
