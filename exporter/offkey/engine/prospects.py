"""What lies ahead of every signal: which outlook stands, what was made in advance, how good they were, what is next."""

from collections.abc import Callable, Iterable

from offkey.core.findings import Verdict
from offkey.core.foresight import Foresight
from offkey.core.frame import Frame
from offkey.core.ports import Foreseeing
from offkey.engine.entering import Entry
from offkey.engine.memory import Memory
from offkey.engine.outlook import Outlook, outlook
from offkey.engine.plan import Plan
from offkey.engine.trackrecord import TrackRecord
from offkey.engine.verdict import verdict
from offkey.models.grid import BIN


class Prospects:
    """Holds the outlook and the track record of each plan, by its key."""

    def __init__(self) -> None:
        self._standing: dict[str, Outlook] = {}
        self._coming: dict[str, Outlook] = {}
        self._foreseen: dict[str, Foresight] = {}
        self._records: dict[str, TrackRecord] = {}

    def inherit(self, former: "Prospects", keys: Iterable[str]) -> None:
        """Take over the track records of some plans."""
        self._records |= {key: former._records[key] for key in keys if key in former._records}

    def verdict(self, entry: Entry, learn: Callable[[], Memory]) -> Verdict:
        """Return what was judged, with the outlook that stands at its column.

        Args:
            entry: what was judged.
            learn: returns the memory after it; called only where an outlook has to be made now.
        """
        plan, now = entry.plan, entry.passage.newest
        ahead, record = self._standing.get(plan.key), self._record(plan)
        if ahead is None or not ahead.is_current(now):
            ahead = self._coming.pop(plan.key, None)
            if ahead is None or not ahead.is_current(now):
                ahead = outlook(plan, learn(), now)
            self._standing[plan.key] = ahead
            record.follow(now, ahead)
        return verdict(entry, ahead, record)

    def prepare(self, plan: Plan, memory: Memory, now: Frame) -> None:
        """Make the outlook of the next column now, after the only column of `now` was learned.

        Forecasters learn and speak in whole bins: a column that begins a bin and does not end it changes nothing that
        they say, so the cycle in which it comes need not wait for them.
        """
        coming = now.future(1)
        this = coming.axis.end // BIN
        if now.axis.end // BIN != this and (coming.axis.end + coming.axis.step) // BIN == this:
            self._coming[plan.key] = outlook(plan, memory, coming)

    def foresee(self, plan: Plan, memory: Memory, now: Frame) -> None:
        """Have the detector prepare for the column after the only one of `now`, which was learned."""
        if isinstance(plan.detector, Foreseeing):
            bound = memory.ledger["bound"]
            self._foreseen[plan.key] = plan.detector.foresee(memory.detector, now.future(1), bound)

    def foreseen(self, plan: Plan) -> Foresight | None:
        """Return what the detector prepared last; safe to call from any thread."""
        return self._foreseen.get(plan.key)

    def _record(self, plan: Plan) -> TrackRecord:
        return self._records.setdefault(plan.key, TrackRecord(plan.signal.horizons))
