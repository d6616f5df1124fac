"""Do alerts tuned to a budget keep it later, and what do they find? `python -m tests.bench.budget --data DIR`."""
