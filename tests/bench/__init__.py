"""Measuring instruments: how good and how fast, on data given on the command line."""
