"""The command: python -m tests.bench.budget --data DIR [--detector NAME] [--output json]."""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .bench import AS_SHORT, BUDGETS, PEERS, Outcome, outcomes


def main(arguments: Sequence[str] | None = None) -> int:
    """Print pages a week against the budget, and recall beside the peers."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.budget", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder of parquet files, or of such folders")
    parser.add_argument("--detector", default="seasonal")
    parser.add_argument("--output", choices=("table", "json"), default="table")
    options = parser.parse_args(arguments)
    found = list(outcomes(options.data, options.detector))
    fleets = [*dict.fromkeys(one.fleet for one in found)]
    rows = [row(found, fleet, budget) for fleet in (*fleets, "all") for budget in BUDGETS]
    if options.output == "json":
        json.dump(rows, sys.stdout, indent=1)
    else:
        print(table(rows))
    return 0


def row(found: Sequence[Outcome], fleet: str, budget: float) -> dict[str, object]:
    """Return one fleet at one budget."""
    chosen = [one for one in found if one.budget == budget and fleet in ("all", one.fleet)]
    incidents = max(1, sum(one.incidents for one in chosen))
    rates = [one.per_week / budget for one in chosen]
    made: dict[str, object] = {"fleet": fleet, "budget": budget, "series": len(chosen)}
    made["pages_to_budget"] = {name: round(float(np.quantile(rates, q)), 2) for name, q in QUARTILES.items()}
    recall = {name: sum(one.found[name] for one in chosen) / incidents for name in ("offkey", *PEERS, *AS_SHORT)}
    return made | {"recall": {name: round(share, 3) for name, share in recall.items()}}


QUARTILES = {"lower": 0.25, "median": 0.5, "upper": 0.75}


def table(rows: Sequence[dict[str, object]]) -> str:
    """Return rows as text."""
    head = f"{'fleet':<8} {'budget':>6} {'series':>6}  pages/budget (quartiles)  recall"
    lines = [head]
    for one in rows:
        quartiles = " ".join(f"{value:>6.2f}" for value in one["pages_to_budget"].values())
        recall = "  ".join(f"{name} {share:.3f}" for name, share in one["recall"].items())
        lines.append(f"{one['fleet']:<8} {one['budget']:>6g} {one['series']:>6}  {quartiles:<24}  {recall}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
