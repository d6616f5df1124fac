"""Forecasters: one file each, one class `Model` each."""
