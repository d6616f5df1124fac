"""Snappy blocks, as Prometheus' remote protocols wrap their messages."""

import cramjam


def snapped(content: bytes) -> bytes:
    """Return content as one block."""
    return bytes(cramjam.snappy.compress_raw(content))


def unsnapped(block: bytes, most: int) -> bytes:
    """Return what a block holds.

    Args:
        block: as received.
        most: bytes it may hold.

    Raises:
        OverflowError: it declares more.
        ValueError: it is no whole block.
    """
    try:
        size = cramjam.snappy.decompress_raw_len(block)
        if size > most:
            msg = f"{size} bytes"
            raise OverflowError(msg)
        return bytes(cramjam.snappy.decompress_raw(block))
    except cramjam.DecompressionError as error:
        raise ValueError(str(error)) from error
