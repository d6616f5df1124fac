"""Thresholds of rules that people wrote: found, learned from history, and proposed as the smallest change."""
