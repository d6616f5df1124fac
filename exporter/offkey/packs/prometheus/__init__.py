"""Prometheus itself: what it scrapes, stores, evaluates and tells."""
