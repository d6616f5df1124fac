"""The verdict: the outage, all of it that matters, and nothing else."""

import pytest

from offkey.app.demo.scenario import PROMISED, Sighting, from_pages, judged, outage_at, silence_of
from offkey.app.demo.webhook import Catcher, Page
from offkey.engine.alertquality import verdict_of

OUTAGE = outage_at(1_000)
CARD = {"alertname": "MusicPaymentSuccessLow", "provider": "card", "region": "eu-west"}
WORDS = dict.fromkeys(PROMISED, "text")


def page(received=1_060.0, status="firing", labels=CARD, annotations=WORDS):
    """Return the page that ought to come, or one like it."""
    return Page(received, status, labels, annotations)


def verdict(*pages):
    """Return the judgement on some pages."""
    return judged(from_pages(pages), OUTAGE, OUTAGE.alert)


def test_one_page_with_its_annotations_is_good():
    """The delay counts from the fault to the first page; what is resolved later changes nothing."""
    later = page(1_065.0, labels={**CARD, "region": "eu-north"})
    found = verdict(page(), later, page(1_090.0, status="resolved"))
    assert found.is_good
    assert found.delay == 60.0


def test_no_page_is_a_missed_outage():
    """Silence is told as such."""
    found = verdict()
    assert found.delay is None
    assert found.problems == ("the outage was missed: no MusicPaymentSuccessLow came",)


@pytest.mark.parametrize(
    "labels",
    [
        {**CARD, "provider": "paypal"},
        {**CARD, "region": "us-east"},
        {"alertname": "MusicPlaysUnusual", "region": "eu-west"},
        {"alertname": "OffkeyDown", "job": "offkey"},
    ],
)
def test_any_other_page_is_wrong(labels):
    """Neither other series of the same alert nor other alerts may come, however right the rest was."""
    found = verdict(page(), page(labels=labels))
    assert found.delay == 60.0
    assert [problem.endswith("was reported though it was well") for problem in found.problems] == [True]
    assert labels["alertname"] in found.problems[0]


def test_a_page_before_the_fault_is_wrong_and_none_for_it():
    """Nobody can know of an outage before it begins."""
    found = verdict(page(999.0))
    assert found.delay is None
    assert len(found.problems) == 2


def test_a_page_without_its_annotations_is_told():
    """Each promised annotation that is missing or empty is named."""
    found = verdict(page(annotations={**WORDS, "summary": "", "runbook_url": ""}))
    assert found.problems == (
        "MusicPaymentSuccessLow{provider=card, region=eu-west} lacks summary, runbook_url",
    )  # fmt: skip


def test_the_same_problem_is_told_once():
    """Alertmanager repeats itself; the verdict does not."""
    other = page(labels={"alertname": "MusicAdFillLow", "region": "eu-west"})
    assert len(verdict(page(), other, other).problems) == 1


def test_what_offkey_calls_off_is_judged_by_the_same_rule():
    """Without Alertmanager the signal's name stands for the alert's."""
    labels = {"provider": "card", "region": "eu-west"}
    seen = [Sighting(1_062.0, "payment_success", labels)]
    assert judged(seen, OUTAGE, "payment_success").delay == 62.0
    assert not judged([*seen, Sighting(1_063.0, "plays", {"region": "eu-west"})], OUTAGE, "payment_success").is_good


def test_the_webhook_keeps_every_alert_of_a_notification():
    """Alerts are kept in order with the time they came; what is no notification is refused and forgotten."""
    catcher = Catcher(clock=iter([10.0, 20.0, 30.0, 40.0]).__next__)
    alert = b'{"status": "firing", "labels": {"alertname": "A"}, "annotations": {}, "startsAt": "x"}'
    assert catcher.take(b'{"alerts": [' + alert + b", " + alert.replace(b'"A"', b'"B"') + b"]}")
    assert not catcher.take(b"not json")
    assert not catcher.take(b'{"alerts": [{"status": "firing"}]}')
    assert catcher.take(b'{"alerts": [' + alert + b"]}")
    assert [(found.name, found.received) for found in catcher.pages] == [("A", 10.0), ("B", 10.0), ("A", 40.0)]


def test_the_silence_is_an_acknowledgement_with_a_verdict():
    """It holds until the outage ends, matches the alert alone, and the review of alerts reads that it was right."""
    silence = silence_of(OUTAGE, 1_075.0)
    assert verdict_of(silence["comment"]) == "true"
    assert [(one["name"], one["value"]) for one in silence["matchers"]] == [("alertname", OUTAGE.alert)]
    assert (silence["startsAt"], silence["endsAt"]) == ("1970-01-01T00:17:55+00:00", "1970-01-01T00:26:40+00:00")
