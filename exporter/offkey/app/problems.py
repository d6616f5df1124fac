"""Words for what does not fit the schema: where, what was found, what is allowed, the nearest right thing."""

import re
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from offkey.app.fields import REFUSED, nearest, shown
from offkey.app.yamlfile import Finding, Route

_WANTED = {
    "float_type": "a number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "string_type": "text; put it in quotes",
    "list_type": "a list",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
}
_BOUNDS = {"greater_than_equal": ("ge", "at least"), "less_than_equal": ("le", "at most")}
_SIZES = {"too_short": "min_length", "too_long": "max_length"}


def explained(model: type[BaseModel], error: ValidationError) -> Iterator[Finding]:
    """Yield what each error of pydantic means, in the words and places of the file."""
    for detail in error.errors(include_url=False):
        route = tuple(part for part in detail["loc"] if not is_tag(part))
        if route and route[-1] == "[key]":
            yield Finding(route[:-1], f"as a key, {_words(detail)}", at_key=True)
        elif detail["type"] == "extra_forbidden":
            yield Finding(route, _unknown(str(route[-1]), model_at(model, route[:-1])), at_key=True)
        else:
            yield Finding(route, _words(detail))


def is_tag(part: str | int) -> bool:
    """Return whether a part of a pydantic location names a way to write a value, not a place."""
    return isinstance(part, str) and part.startswith("<")


def model_at(model: type[BaseModel], route: Route) -> type[BaseModel]:
    """Return the class of the mapping at a route."""
    for part in route:
        found = next((field for name, field in model.model_fields.items() if part in (name, field.alias)), None)
        if found is not None:
            model = next((inner for inner in models_in(found.annotation) if closed(inner)), model)
    return model


def keys(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Return the keys of a mapping, as they are written."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def models_in(annotation: Any) -> Iterator[type[BaseModel]]:  # noqa: ANN401 (annotations have no common type)
    """Yield every schema class inside an annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from models_in(inner)


def closed(model: type[BaseModel]) -> bool:
    """Return whether a class refuses unknown keys."""
    return model.model_config.get("extra") == "forbid"


def _unknown(key: str, model: type[BaseModel]) -> str:
    known = keys(model)
    if f"{key}_file" in known:
        return f'unknown key "{key}"; secrets stand in files of their own: write {key}_file'
    inside = (name for name, field in known.items() for inner in models_in(field.annotation) if key in keys(inner))
    if place := next(inside, ""):
        return f'unknown key "{key}"; it belongs into "{place}"'
    return f'unknown key "{key}"' + (nearest(key, known) or f" (known: {', '.join(known)})")


def _words(detail: ErrorDetails) -> str:
    kind, found, context = detail["type"], shown(detail["input"]), detail.get("ctx", {})
    mapping = ", or a mapping" if detail["loc"] and detail["loc"][-1] == "<text>" else ""
    if kind == "literal_error":
        allowed = re.findall("'([^']*)'", context["expected"])
        near = nearest(str(detail["input"]), allowed)
        return f"{found} is not allowed{near} (allowed: {', '.join(allowed)}{mapping})"
    if kind in _WANTED:
        return f"{found} is not {_WANTED[kind]}{mapping}"
    if kind in _BOUNDS:
        key, words = _BOUNDS[kind]
        return f"{found} is out of range; write {words} {context[key]}"
    if kind in _SIZES:
        return f"holds {context['actual_length']} values; write {context[_SIZES[kind]]}"
    return {REFUSED: detail["msg"], "missing": "missing"}.get(kind, f"{found}: {detail['msg']}")
