"""Progress of long work, on stderr: a bar or a turning sign on a terminal, nothing elsewhere."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from rich.console import Console
from rich.progress import Progress

Item = TypeVar("Item")


@contextmanager
def waiting(words: str) -> Iterator[None]:
    """Say on a terminal what is waited for, as long as the block runs."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield
        return
    with console.status(words):
        yield


def track(items: Iterable[Item], words: str, total: int) -> Iterator[Item]:
    """Yield the items; on a terminal, show how many of `total` are done."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield from items
        return
    with Progress(console=console, transient=True) as progress:
        task = progress.add_task(words, total=total)
        for item in items:
            progress.advance(task)
            yield item
