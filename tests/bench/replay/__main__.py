"""Usage: python -m tests.bench.replay [--copies 5] [--days 30] [--output json]: replay rules of every shape."""

import argparse
import json
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import promql_parser

from offkey.app.replaying import groups
from offkey.app.written import document
from offkey.core.labels import NAME, Labels
from offkey.core.rules import AlertRule, RuleGroup
from offkey.engine.promql.notation import track
from offkey.engine.promql.world import Samples
from offkey.engine.ruleplay.episodes import episodes
from offkey.engine.ruleplay.play import play

TESTS = Path(__file__).parents[2]
SHAPES = TESTS / "ruleshapes.rules.yml"
_NAMED = re.compile(r"(?:alert|record): (\S+)")


def main(arguments: Sequence[str] | None = None) -> int:
    """Print how long it took, and what fired."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.replay", description=__doc__)
    parser.add_argument("--copies", type=int, default=5, help="of the rules of every shape, each under other names")
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--output", choices=("text", "json"), default="text")
    options = parser.parse_args(arguments)
    rules = copies(options.copies)
    samples = world(options.days * 1440)
    list(play(rules, samples, 0, 3600))  # compiled code is loaded
    found = measured(rules, samples, options.days)
    if options.output == "json":
        json.dump(found, sys.stdout, indent=1)
    else:
        print("  ".join(f"{name} {value:g}" for name, value in found.items()))
    return 0


def measured(rules: Sequence[RuleGroup], samples: Samples, days: int) -> dict[str, float]:
    """Return seconds of the wall and of the processor, and how many rules and episodes there were."""
    wall, own = time.monotonic(), time.process_time()
    done = list(play(rules, samples, 0, days * 86_400 - 60))
    fired = sum(len(episodes(one)) for one in done if isinstance(one.rule, AlertRule))
    spent, worked = time.monotonic() - wall, time.process_time() - own
    return {"rules": len(done), "days": days, "seconds": round(spent, 1), "cpu": round(worked, 1), "episodes": fired}


def copies(count: int) -> list[RuleGroup]:
    """Return the rules of every shape several times; a copy reads what the copy itself writes."""
    text = SHAPES.read_text().replace('"ManyFiring|Flapping"', '"(ManyFiring|Flapping).*"')
    names = "|".join(sorted(set(_NAMED.findall(text)), key=len, reverse=True))
    made: list[RuleGroup] = []
    for place in range(count):
        renamed = re.sub(rf"\b({names})\b(?!\|)(?!\))", rf"\g<1>{place}", text)
        made += groups.of_document(document.parse(renamed, f"copy {place}"), 60)
    return made


def world(minutes: int) -> Samples:
    """Return series with everything that happens to series."""
    sys.path.insert(0, str(TESTS))
    import hostile  # noqa: PLC0415 (a module of the tests' folder, which is on no path here)

    return Samples((_labels(name), track(text, 60)) for name, text in hostile.series(minutes, 3).items())


def _labels(text: str) -> Labels:
    tree = promql_parser.parse(text)
    return Labels.of({NAME: tree.name, **{one.name: one.value for one in tree.matchers.matchers}})


if __name__ == "__main__":
    sys.exit(main())
