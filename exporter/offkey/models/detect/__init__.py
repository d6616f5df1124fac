"""Detectors: one file each, one class `Model` each."""
