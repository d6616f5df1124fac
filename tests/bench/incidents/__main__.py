"""Usage: python -m tests.bench.incidents [--seeds 1 2 3 4 5] [--scales 0 1 0.5] [--output json]."""

import argparse
import json
import math
import sys
from dataclasses import asdict
from importlib.resources import files

from tests.bench.incidents.bench import Outcome, run

from offkey.app.config import parse
from offkey.packs.music import business, recorded

FILES = {"offkey.yml": recorded.RECORDS, "business.yml": business.RECORDS}


def main() -> None:
    """Print what each run comes to, and all together."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.incidents", description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3, 4, 5])
    parser.add_argument("--scales", type=float, nargs="+", default=[0.0, 1.0, 0.5])
    parser.add_argument("--output", choices=["text", "json"], default="text")
    asked = parser.parse_args()
    pack = [(parse(files("offkey.packs.music").joinpath(name).read_text(), name), of) for name, of in FILES.items()]
    outcomes = []
    for scale in asked.scales:
        for seed in asked.seeds:
            outcome = run(pack, seed, scale)
            outcomes.append((seed, scale, outcome))
            if asked.output == "text":
                print(_line(seed, scale, outcome), flush=True)
    if asked.output == "json":
        rows = [{"seed": seed, "scale": scale, **_plain(outcome)} for seed, scale, outcome in outcomes]
        json.dump({"version": 1, "runs": rows}, sys.stdout, indent=2)


def _line(seed: int, scale: float, outcome: Outcome) -> str:
    late = {name: wait for name, wait in outcome.found.items() if wait > outcome.allowed[name]}
    missed = ", ".join(
        f"{name} {'never' if math.isinf(wait) else f'{wait / 60:.0f} min'}" for name, wait in late.items()
    )
    false = ", ".join(f"{page.alert} {page.series[0]}" for page in outcome.false[:4])
    return (
        f"seed {seed} scale {scale:g}: in time {len(outcome.found) - len(late)} of {len(outcome.found)}"
        f" ({missed or 'none late'}); false {len(outcome.false) / outcome.days:.2f} a day, benign {len(outcome.benign)}"
        f" ({false or 'none'})"
    )


def _minutes(wait: float) -> str:
    return "never" if math.isinf(wait) else f"{wait / 60:.0f} min"


def _plain(outcome: Outcome) -> dict[str, object]:
    found = {name: None if math.isinf(wait) else wait for name, wait in outcome.found.items()}
    pages = [{**asdict(page), "series": [str(labels) for labels in page.series]} for page in outcome.false]
    return {
        "days": outcome.days,
        "pages": len(outcome.pages),
        "found": found,
        "allowed": outcome.allowed,
        "false": pages,
    }


if __name__ == "__main__":
    main()
