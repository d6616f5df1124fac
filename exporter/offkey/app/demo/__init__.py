"""A streaming platform, a real Prometheus and Alertmanager, and an outage that pages: all on this machine."""
