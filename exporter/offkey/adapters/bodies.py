"""What is sent and what comes back; bodies of answers are whole, decompressed, and never larger than allowed."""

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import requests

from offkey.adapters.decode.snappy import unsnapped
from offkey.adapters.endpoint import Endpoint
from offkey.core.errors import BadResponse

_CHUNK = 65_536
_TOO_LARGE = "{}: the body is larger than {} bytes; ask for less, or raise max_body"


class BodyTooLarge(BadResponse):
    """The body is larger than the cap: asking for less may help."""


@dataclass(frozen=True, slots=True)
class Payload:
    """What a call sends, with the headers that say what it is."""

    content: bytes
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer below status 500: `status`, `body` after decompression, and its media type."""

    status: int
    body: bytes
    media_type: str = ""


def whole(response: requests.Response, endpoint: Endpoint) -> bytes:
    """Read a whole body within the endpoint's cap, whatever it grows to.

    Raises:
        BadResponse: it is cut, too large or wrongly compressed.
    """
    if _coding(response) == "snappy":
        return _unsnapped(_bounded(_raw(response), endpoint), endpoint)
    return _bounded(_plain(response, endpoint), endpoint)


def _bounded(chunks: Iterator[bytes], endpoint: Endpoint) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > endpoint.max_body:
            raise BodyTooLarge(_TOO_LARGE.format(endpoint.url, endpoint.max_body))
    return bytes(body)


def _plain(response: requests.Response, endpoint: Endpoint) -> Iterator[bytes]:
    """Yield the decompressed body in pieces of bounded size."""
    coding, chunks = _coding(response), _raw(response)
    if coding in {"identity", ""}:
        yield from chunks
        return
    if coding not in {"gzip", "x-gzip"}:
        msg = (
            f"{endpoint.url}: the body is compressed as {excerpt(coding.encode())}; only gzip and snappy are understood"
        )
        raise BadResponse(msg)
    gunzip = zlib.decompressobj(wbits=31)
    try:
        for chunk in chunks:
            yield gunzip.decompress(chunk, _CHUNK)
            while gunzip.unconsumed_tail:
                yield gunzip.decompress(gunzip.unconsumed_tail, _CHUNK)
        yield gunzip.flush()
    except zlib.error as error:
        msg = f"{endpoint.url}: the body is not the gzip stream it claims to be"
        raise BadResponse(msg) from error
    if not gunzip.eof:
        msg = f"{endpoint.url}: the gzip stream ends in the middle"
        raise BadResponse(msg)


def _coding(response: requests.Response) -> str:
    return str(response.headers.get("Content-Encoding", "identity")).strip().lower()


def _raw(response: requests.Response) -> Iterator[bytes]:
    """Yield the body as it is sent, in pieces of bounded size."""
    return iter(lambda: response.raw.read(_CHUNK, decode_content=False), b"")


def _unsnapped(body: bytes, endpoint: Endpoint) -> bytes:
    """Decompress a snappy block, whose declared length must be within the cap."""
    try:
        return unsnapped(body, endpoint.max_body)
    except OverflowError as error:
        raise BodyTooLarge(_TOO_LARGE.format(endpoint.url, endpoint.max_body)) from error
    except ValueError as error:
        msg = f"{endpoint.url}: the body is not the snappy block it claims to be"
        raise BadResponse(msg) from error


def excerpt(body: bytes, size: int = 200) -> str:
    """Return the start of a text somebody else wrote, on one line, fit for a message."""
    text = " ".join(body[: 4 * size].decode("utf-8", "replace").split())
    return "".join(c if c.isprintable() else "?" for c in text)[:size] or "(empty)"
