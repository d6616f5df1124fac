"""Whole alerts over past strangeness: how often a bound, a hold, a dead band and a keep would have told people."""
