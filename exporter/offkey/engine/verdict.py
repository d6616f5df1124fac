"""Put together what leaves the engine about one signal."""

import numpy as np

from offkey.core.findings import Band, Fault, Verdict
from offkey.engine.entering import Entry
from offkey.engine.outlook import Outlook
from offkey.engine.reporting import strayed, vanished
from offkey.engine.trackrecord import TrackRecord

NO_SERIES = "its query has no series"


def verdict(entry: Entry, outlook: Outlook, record: TrackRecord) -> Verdict:
    """Return a signal's newest column as a verdict, with the forecast from there and how good earlier ones were."""
    plan, memory, passage = entry.plan, entry.memory, entry.passage
    signal, frame, judged = plan.signal, passage.examined.frame, passage.judged
    score = judged.score[:, -1]
    now = passage.newest
    limit = signal.limit
    ledger = memory.ledger
    known = ~np.isnan(score)
    return Verdict(
        signal=signal,
        series=frame.series,
        time=frame.axis.end,
        observed=now.values[:, 0],
        score=score,
        band=Band(judged.band.expected[:, -1], judged.band.lower[:, -1], judged.band.upper[:, -1]),
        anomalous=passage.opened[:, -1] & known,
        since=np.where(passage.opened[:, -1] & known, ledger["since"], 0).astype(np.float64),
        ready=entry.ready,
        coverage=ledger["coverage"],
        forecast=outlook.forecast,
        time_to_limit=np.full(len(frame.series), np.nan) if limit is None else outlook.crossing(limit, now),
        forecast_coverage=record.coverage,
        forecast_error=record.error,
        limit_window=np.empty((2, 0)) if limit is None else outlook.window(limit, now),
        faults=passage.examined.faults if frame.series else (Fault(signal.name, "no_data", detail=NO_SERIES),),
        dropped=entry.dropped,
        expected_alerts_per_week=float(ledger["expected_alerts_per_week"][0]),
        vanished=vanished(ledger, frame.axis.end, frame.axis.step),
        sample_rate=strayed(ledger),
    )
