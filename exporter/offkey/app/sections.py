"""Read one section of offkey.yml alone, for commands that need nothing else of it."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from offkey.app import options, yamlfile
from offkey.app.problems import explained
from offkey.app.yamlfile import Document, InvalidFile

Model = TypeVar("Model", bound=BaseModel)


def section(config_file: Path | None, key: str, model: type[Model]) -> Model:
    """Return a section of the configuration that applies, with its defaults where there is none.

    Args:
        config_file: the named file, or None for offkey.yml in this folder when there is one.
        key: the section's key at the top of the file.
        model: the section's type.

    Raises:
        ConfigError: the file cannot be read, or the section is not acceptable.
    """
    path = options.found(config_file)
    if path is None:
        return model()
    document = yamlfile.load(path)
    top = document.value if isinstance(document.value, dict) else {}
    return fitted(document, key, model) if key in top else model()


def fitted(document: Document, key: str, model: type[Model]) -> Model:
    """Return a section that is there.

    Raises:
        InvalidFile: it is not acceptable; one line for each mistake.
    """
    try:
        return model.model_validate(document.value[key])
    except ValidationError as error:
        found = list(explained(model, error))
        raise InvalidFile(
            [document.problem((key, *one.route), one.words, at_key=one.at_key) for one in found]
        ) from error
