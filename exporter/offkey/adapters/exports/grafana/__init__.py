"""What dashboards are made of: kinds of panels, the page around them, and panels that several dashboards show."""

import importlib
import warnings

with warnings.catch_warnings():
    # The SDK prefers the v2 model; files that Grafana loads by itself are classic ones in every version from 10 to 13.
    warnings.filterwarnings("ignore", "Prefer using dashboardv2", DeprecationWarning)
    importlib.import_module("grafana_foundation_sdk.builders.dashboard")
    importlib.import_module("grafana_foundation_sdk.builders.stat")
