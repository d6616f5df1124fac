"""Read the `alertmanager` section, whole or not at all."""

from pathlib import Path

from offkey.app import options, yamlfile
from offkey.app.alertmanager.problems import problems
from offkey.app.alertmanager.schema import AlertmanagerSection
from offkey.app.sections import fitted
from offkey.app.yamlfile import Document, InvalidFile
from offkey.core.errors import ConfigError

KEY = "alertmanager"


def load(config_file: Path | None) -> AlertmanagerSection:
    """Return the section of the configuration that applies.

    Raises:
        ConfigError: there is none, or it is not acceptable; one line for each mistake.
    """
    path = options.found(config_file)
    if path is None:
        msg = f"no {options.DEFAULT_FILE} here; name a file with --config.file"
        raise ConfigError(msg)
    return parse(yamlfile.load(path))


def parse(document: Document) -> AlertmanagerSection:
    """Return the section of a document.

    Raises:
        ConfigError: there is none, or it is not acceptable; one line for each mistake.
    """
    if not isinstance(document.value, dict) or KEY not in document.value:
        msg = f"{document.name}: has no section alertmanager; docs/guides/alertmanager.md shows one"
        raise ConfigError(msg)
    section = fitted(document, KEY, AlertmanagerSection)
    found = [document.problem((KEY, *one.route), one.words, at_key=one.at_key) for one in problems(section)]
    if found:
        raise InvalidFile(found)
    return section
