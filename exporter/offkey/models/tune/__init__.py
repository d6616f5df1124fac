"""Tuners: past strangeness to bounds; one file each, one class `Model` each."""
