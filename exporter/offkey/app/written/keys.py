"""Set one key of a YAML file that people wrote, and leave every other byte alone."""

import yaml

from offkey.app.written.document import LOADER
from offkey.app.yamlfile import Route
from offkey.core.errors import ConfigError


def with_key(text: str, route: Route, value: str) -> str:
    """Return a text with a plain value at a route; what lies between is made where it is not there.

    A new key goes after the last entry that stands on one line, so that comments keep their place.

    Args:
        text: YAML.
        route: keys and positions from the top to the value.
        value: how it is written.

    Raises:
        ConfigError: there is no such place, or a list would have to be made.
    """
    shift = int(text.startswith("\ufeff"))  # the parser does not count a byte order mark
    node = _composed(text)
    for depth, part in enumerate(route):
        inner = _inner(node, part)
        if inner is None or _is_null(inner):
            rest = route[depth + 1 :]
            written = "".join(f"{{{key}: " for key in rest) + value + "}" * len(rest)
            if inner is not None:
                return _replaced(text, inner, shift, written)
            return _added(text, node, shift, f"{part}: {written}")
        node = inner
    return _replaced(text, node, shift, value)


def _composed(text: str) -> yaml.Node:
    node = yaml.compose(text, Loader=LOADER)
    if node is None:
        msg = "1:1: the file is empty"
        raise ConfigError(msg)
    return node


def _inner(node: yaml.Node, part: str | int) -> yaml.Node | None:
    """Return what is at a key or position; None for a key that is not there.

    Raises:
        ConfigError: it is neither a mapping with keys nor a list that is long enough.
    """
    if isinstance(part, int) and isinstance(node, yaml.SequenceNode) and part < len(node.value):
        found: yaml.Node = node.value[part]
        return found
    if isinstance(part, str) and isinstance(node, yaml.MappingNode):
        return next((value for key, value in node.value if key.value == part), None)
    msg = f"{node.start_mark.line + 1}:{node.start_mark.column + 1}: {part} has no place here; write it by hand"
    raise ConfigError(msg)


def _is_null(node: yaml.Node) -> bool:
    return isinstance(node, yaml.ScalarNode) and not node.style and node.value in ("", "~", "null")


def _replaced(text: str, node: yaml.Node, shift: int, value: str) -> str:
    start = node.start_mark.index + shift
    space = " " if text[:start].endswith(":") else ""  # an empty value stands right behind its key
    return text[:start] + space + value + text[_end(text, node, shift) :]


def _end(text: str, node: yaml.Node, shift: int) -> int:
    """Return where a value really ends: a block's mark is where the next one begins."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(text, last[1] if isinstance(last, tuple) else last, shift)
    start, end = node.start_mark.index + shift, node.end_mark.index + shift
    return start + len(text[start:end].rstrip())


def _added(text: str, node: yaml.Node, shift: int, entry: str) -> str:
    if not isinstance(node, yaml.MappingNode) or not node.value or node.flow_style:
        start = node.start_mark.index + shift + 1
        return f"{text[:start]}{entry}{', ' if node.value else ''}{text[start:]}"
    lines = [(key, value) for key, value in node.value if key.start_mark.line == value.end_mark.line]
    key, value = lines[-1] if lines else node.value[-1]
    end = text.find("\n", _end(text, value, shift))
    end = len(text) if end < 0 else end
    newline = "\r\n" if text[:end].endswith("\r") else "\n"
    at = end - len(newline) + 1
    return f"{text[:at]}{newline}{' ' * key.start_mark.column}{entry}{text[at:]}"
