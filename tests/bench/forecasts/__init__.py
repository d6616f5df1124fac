"""Measures forecasters on series of real operations: rolling origins, never a look ahead, one table.

python -m tests.bench.forecasts --data DIR [--forecaster bank,seasonal_naive] [--output json]
"""
