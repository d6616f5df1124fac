"""Anomaly scores, forecasts and self-tuned alerting rules for Prometheus."""

import os

__version__ = "0.1.0"
# The commit an image was built from; whoever builds says it, because a package does not know its repository.
REVISION = os.environ.get("OFFKEY_REVISION") or "unknown"
