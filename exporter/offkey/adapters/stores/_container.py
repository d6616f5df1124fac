"""The bytes of learned state: named arrays in a sealed container that nothing but numbers and text can come out of.

Layout, all integers little-endian:

    magic "OFKS" | schema u16 | header length u32 | header, JSON | blocks, raw arrays in order | SHA-256 of all before

The header names the key, `until`, the label sets (each table of series once) and dtype and shape of every block.
"""

import hashlib
import json
import math
import struct
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from offkey.core.errors import StateError
from offkey.core.labels import Labels, pair
from offkey.core.state import AnyArray, Learned, State

# Raised when an older offkey could not read what is written.
SCHEMA = 1
MAGIC = b"OFKS"

PREFIX = struct.Struct("<4sHI")
_SEAL_SIZE = hashlib.sha256().digest_size
_DTYPES = {f"<{kind}{size}" for kind in "iuf" for size in (2, 4, 8)} | {"|b1", "|i1", "|u1"}


class Damaged(StateError):
    """The bytes are not what was written."""


class Newer(StateError):
    """The bytes are whole, and written by an offkey that knows more."""


def encoded(key: str, learned: Learned) -> Iterator[bytes | memoryview]:
    """Yield the container of what was learned piece by piece; arrays are not copied.

    Raises:
        StateError: an array holds something else than numbers or truth values.
    """
    seal = hashlib.sha256()
    for piece in _unsealed(key, learned):
        seal.update(piece)
        yield piece
    yield seal.digest()


def _unsealed(key: str, learned: Learned) -> Iterator[bytes | memoryview]:
    tables: dict[tuple[Labels, ...], int] = {}
    blocks: list[AnyArray] = []
    states = {name: _described(state, tables, blocks) for name, state in learned.states.items()}
    series = [[labels.pairs for labels in table] for table in tables]
    header = {"key": key, "until": int(learned.until), "series": series, "states": states}
    text = json.dumps(header, separators=(",", ":")).encode()
    yield PREFIX.pack(MAGIC, SCHEMA, len(text))
    yield text
    yield from (block.reshape(-1).view(np.uint8).data for block in blocks)


def decode(content: bytes) -> tuple[str, Learned]:
    """Return the key and what was learned; its arrays are the caller's own.

    Raises:
        Damaged: the bytes are not a whole container.
        Newer: it has a later schema.
    """
    header, start = _header(content)
    end = len(content) - _SEAL_SIZE
    try:
        tables = [
            tuple(Labels(tuple(pair(str(name), str(value)) for name, value in pairs)) for pairs in table)
            for table in header["series"]
        ]
        sizes = [_size(entry) for state in header["states"].values() for entry in _entries(state)]
        if start + sum(sizes) != end:
            msg = f"stored state has {end - start} bytes of arrays; its header says {sum(sizes)}"
            raise Damaged(msg)
        blocks = _blocks(content, start, header)
        states = {
            name: State(
                tables[state["series"]],
                {row: next(blocks) for row in state["rows"]},
                {shared: next(blocks) for shared in state["shared"]},
            )
            for name, state in header["states"].items()
        }
        return str(header["key"]), Learned(states, int(header["until"]))
    except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
        msg = f"stored state has a header that makes no sense: {error!r}"
        raise Damaged(msg) from error


def claims_newer(start: bytes) -> bool:
    """Tell whether the first bytes of a file are those of a later schema; only the seal can prove it."""
    return len(start) >= PREFIX.size and PREFIX.unpack_from(start)[0] == MAGIC and PREFIX.unpack_from(start)[1] > SCHEMA


def _header(content: bytes) -> tuple[dict[str, Any], int]:
    """Return the header, believed only because the seal fits, and where the blocks start."""
    if len(content) < PREFIX.size + _SEAL_SIZE:
        msg = f"stored state is too short: {len(content)} bytes"
        raise Damaged(msg)
    if hashlib.sha256(memoryview(content)[:-_SEAL_SIZE]).digest() != content[-_SEAL_SIZE:]:
        msg = "stored state does not fit its checksum"
        raise Damaged(msg)
    magic, schema, length = PREFIX.unpack_from(content)
    if magic != MAGIC:
        msg = f"stored state starts with {magic!r}, not {MAGIC!r}"
        raise Damaged(msg)
    if schema > SCHEMA:
        msg = f"stored state has schema {schema}, written by a newer offkey; this one reads up to {SCHEMA}"
        raise Newer(msg)
    start = PREFIX.size + length
    try:
        header = json.loads(content[PREFIX.size : start])
    except (ValueError, RecursionError) as error:
        msg = f"stored state has a header that is not JSON: {error}"
        raise Damaged(msg) from error
    if start > len(content) - _SEAL_SIZE or not isinstance(header, dict):
        msg = f"stored state has a header of {length} bytes that is not one"
        raise Damaged(msg)
    return header, start


def _described(state: State, tables: dict[tuple[Labels, ...], int], blocks: list[AnyArray]) -> dict[str, Any]:
    """Return a state's part of the header; its arrays are added to the blocks."""
    described: dict[str, Any] = {"series": tables.setdefault(state.series, len(tables))}
    for part, arrays in (("rows", state.rows), ("shared", state.shared)):
        described[part] = {name: _block(name, array, blocks) for name, array in arrays.items()}
    return described


def _block(name: str, array: AnyArray, blocks: list[AnyArray]) -> list[Any]:
    little = array.dtype.newbyteorder("<")
    if little.str not in _DTYPES:
        msg = f'learned array "{name}" has dtype {array.dtype}; stored are numbers and truth values of up to 8 bytes'
        raise StateError(msg)
    blocks.append(np.ascontiguousarray(array, little))
    return [little.str, list(array.shape)]


def _entries(state: Mapping[str, Any]) -> Iterator[tuple[str, list[int]]]:
    yield from state["rows"].values()
    yield from state["shared"].values()


def _size(entry: tuple[str, list[int]]) -> int:
    """Return the bytes of one block, from its description alone."""
    dtype, shape = entry
    if dtype not in _DTYPES or any(side < 0 for side in shape):
        msg = f"array of dtype {dtype!r} and shape {shape!r}"
        raise ValueError(msg)
    return int(dtype[2:]) * math.prod(shape)


def _blocks(content: bytes, start: int, header: Mapping[str, Any]) -> Iterator[AnyArray]:
    for state in header["states"].values():
        for dtype, shape in _entries(state):
            count = math.prod(shape)
            yield np.frombuffer(content, np.dtype(dtype), count, start).reshape(shape).copy()
            start += count * int(dtype[2:])
