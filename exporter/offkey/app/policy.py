"""A signal of the configuration file as the value the program runs on."""

from offkey.app import crosschecks, promql, schema
from offkey.core.calendars import Calendar
from offkey.core.signals import OPEN, Alert, Signal, Traffic, Zone


def signal_of(signal: schema.Signal, calendars: tuple[Calendar, ...]) -> Signal:
    """Return a signal whose keys are all filled in (see `crosschecks.resolved`), with the calendars that concern it."""
    detector, detector_options = crosschecks.choice(signal.detector)
    forecaster, forecaster_options = crosschecks.choice(signal.forecaster)
    zone, traffic = signal.time_zone, signal.traffic
    return Signal(
        name=signal.name,
        query=signal.query,
        unit=signal.unit,
        description=signal.description,
        kind=signal.kind,
        events_per_unit=signal.events_per_unit or 1.0,
        direction=signal.direction,
        least_absolute=signal.min_deviation.absolute,
        least_relative=signal.min_deviation.relative,
        valid=_range(signal.valid_range),
        scale=_range(signal.scale),
        traffic=None if traffic is None else Traffic(traffic.query, traffic.floor, traffic.events_per_unit or 1.0),
        scrapes=promql.scrapes(signal.query),
        season=signal.season,
        zone=Zone(zone) if isinstance(zone, str) else Zone(zone.default, zone.label, zone.zones),
        step=signal.step,
        offset=signal.offset,
        history=signal.history,
        history_step=signal.history_step or crosschecks.history_step(signal.step, signal.history),
        horizons=tuple(signal.forecast.horizons),
        limit=signal.forecast.limit,
        expose=signal.expose,
        detector=detector,
        detector_options=detector_options,
        forecaster=forecaster,
        forecaster_options=forecaster_options,
        alert=_alert(signal.alert) if isinstance(signal.alert, schema.Alert) else None,
        source=signal.source,
        max_series=signal.max_series,
        keep_absent=signal.keep_absent,
        adopt_after=signal.adopt_after,
        calendars=calendars,
    )


def _range(written: schema.Range) -> tuple[float, float]:
    low, high = written
    return OPEN[0] if low is None else low, OPEN[1] if high is None else high


def _alert(alert: schema.Alert) -> Alert:
    return Alert(
        name=alert.name,
        budget_per_week=alert.budget,
        severity=alert.severity,
        team=alert.team,
        service=alert.service,
        runbook_url=alert.runbook_url,
        dashboard_url=alert.dashboard_url,
        hold=alert.hold,
        keep_firing=alert.keep_firing_for,
        dead_band=alert.dead_band,
        form=alert.form,
        missing_for=alert.missing_for,
        bound=alert.bound,
        false_share=alert.false_share,
    )
