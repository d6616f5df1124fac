"""One business = one folder of values and pure functions."""
