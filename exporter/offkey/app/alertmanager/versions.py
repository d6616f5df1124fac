"""What each version of Alertmanager reads beyond 0.25. Source: prometheus/alertmanager, CHANGELOG."""

from dataclasses import dataclass

from offkey.app.alertmanager.schema import Version


@dataclass(frozen=True, slots=True)
class Profile:
    """Keys a version knows."""

    webhook_url_file: bool = False
    webhook_timeout: bool = False
    inhibit_name: bool = False


PROFILES: dict[Version, Profile] = {
    "0.25": Profile(),
    "0.26": Profile(webhook_url_file=True),
    "0.27": Profile(webhook_url_file=True),
    "0.28": Profile(webhook_url_file=True, webhook_timeout=True),
    "0.30": Profile(webhook_url_file=True, webhook_timeout=True, inhibit_name=True),
}
