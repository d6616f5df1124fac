"""Keep what was learned in this process only: for commands that run once, and where there is no folder."""

from collections.abc import Iterable, Mapping

from offkey.core.state import AnyArray, Learned, State


class Store:
    """Holds copies, because models may reuse the arrays they were given."""

    def __init__(self) -> None:
        """Start empty."""
        self._kept: dict[str, Learned] = {}

    def load(self, key: str) -> Learned | None:
        """Return a copy of what was saved last under a key, or None."""
        kept = self._kept.get(key)
        return _copied(kept) if kept else None

    def save(self, key: str, learned: Learned) -> None:
        """Replace what is kept under a key."""
        self._kept[key] = _copied(learned)

    def keys(self) -> Iterable[str]:
        """Return the keys that can be loaded."""
        return sorted(self._kept)

    def forget(self, key: str) -> None:
        """Remove a key; an absent one is fine."""
        self._kept.pop(key, None)


def _copied(learned: Learned) -> Learned:
    return Learned(
        {
            name: State(state.series, _arrays(state.rows), _arrays(state.shared))
            for name, state in learned.states.items()
        },
        learned.until,
    )


def _arrays(arrays: Mapping[str, AnyArray]) -> dict[str, AnyArray]:
    return {name: array.copy() for name, array in arrays.items()}
