"""Where replayed rules find their samples: a server, or the input series of a promtool test file."""

from pathlib import Path

import promql_parser
import yaml

from offkey.app import config, wire, yamlfile
from offkey.app.written.document import LOADER
from offkey.core.durations import parse_duration
from offkey.core.errors import ConfigError, RuleError
from offkey.core.labels import NAME, Labels
from offkey.core.ports import Source
from offkey.engine.promql.notation import track
from offkey.engine.promql.world import Samples


def source(config_file: Path | None, prometheus_url: str, name: str) -> Source:
    """Return one source of a configuration, which needs no signals.

    Args:
        config_file: the file, or None for nothing but the address.
        prometheus_url: address of the source `default`.
        name: which source.

    Raises:
        ConfigError: the file is not acceptable, or has no such source.
    """
    if config_file is not None:
        document = yamlfile.load(config_file)
    elif prometheus_url:
        document = yamlfile.parse(yamlfile.dump({"sources": {"default": {"url": prometheus_url}}}), "--prometheus.url")
    else:
        msg = "no past to replay: give --prometheus.url, --config.file with sources, or --series with a test file"
        raise ConfigError(msg)
    settings = config.settings(document, prometheus_url, needs_signals=False)
    found = config.from_settings(settings, (config_file or Path()).parent)
    if name not in found.sources:
        msg = f"{config_file}: no source '{name}' (have: {', '.join(sorted(found.sources)) or 'none'})"
        raise ConfigError(msg)
    return wire.sources(found)[name]


def written(path: Path) -> tuple[Samples, int]:
    """Return the input series of a promtool test file's first test, and the last instant of any, seconds.

    Raises:
        ConfigError: the file cannot be read or holds no such series.
    """
    try:
        found = yaml.load(path.read_text("utf-8"), LOADER)  # noqa: S506 (a safe loader)
        test = found["tests"][0]
        interval = parse_duration(str(test.get("interval", found.get("evaluation_interval", "1m"))))
        tracks = [(labels(str(one["series"])), track(str(one["values"]), interval)) for one in test["input_series"]]
    except OSError as error:
        msg = f"{path}: {(error.strerror or str(error)).lower()}"
        raise ConfigError(msg) from error
    except (yaml.YAMLError, UnicodeDecodeError, KeyError, IndexError, TypeError, ValueError, RuleError) as error:
        msg = f"{path}: no input series of a promtool test: {error}"
        raise ConfigError(msg) from error
    return Samples(tracks), max((int(one.times[-1]) // 1000 for _, one in tracks if one.times.size), default=0)


def labels(text: str) -> Labels:
    """Return the labels of a series as tests write it: a name and equalities.

    Raises:
        ValueError: it is no such text.
    """
    tree = promql_parser.parse(text)
    if not isinstance(tree, promql_parser.VectorSelector):
        msg = f"{text!r} names no series"
        raise ValueError(msg)  # noqa: TRY004 (the text is wrong, not a type)
    return Labels.of({NAME: tree.name or "", **{one.name: one.value for one in tree.matchers.matchers}})
