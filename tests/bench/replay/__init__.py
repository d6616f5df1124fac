"""How long many rules take over a month of minutes? `python -m tests.bench.replay`."""
