"""Anomaly scores, forecasts and self-tuned alerting rules for Prometheus."""

__version__ = "0.1.0"
