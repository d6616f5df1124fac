"""What the paths of the pages begin with, here and behind a proxy."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from offkey.core.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Prefixes:
    """What paths begin with: a path such as `/offkey`, or nothing.

    Attributes:
        routes: where requests arrive here.
        links: where browsers find the same; a proxy may cut it off.
    """

    routes: str = ""
    links: str = ""

    @classmethod
    def of(cls, external_url: str, route_prefix: str | None) -> "Prefixes":
        """Return the prefixes by the flags; without a route prefix requests arrive as browsers send them.

        Raises:
            ConfigError: the URL is none.
        """
        parts = urlsplit(external_url)
        if external_url and not (parts.scheme in ("http", "https") and parts.netloc):
            msg = f'--web.external-url: "{external_url}" is not a web address; write http://... or https://...'
            raise ConfigError(msg)
        links = _prefix(parts.path)
        routes = links if route_prefix is None else _prefix(route_prefix)
        return cls(routes, links if external_url else routes)


def _prefix(path: str) -> str:
    stripped = path.strip("/")
    return f"/{stripped}" if stripped else ""


NONE = Prefixes()
