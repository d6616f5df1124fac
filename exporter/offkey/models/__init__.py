"""Arithmetic on frames: frame in, arrays out; every file one class `Model`."""
