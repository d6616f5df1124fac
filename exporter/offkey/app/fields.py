"""The field types of the configuration file: how each is written, checked and shown in the JSON Schema."""

import difflib
import json
import math
import re
from collections.abc import Iterable
from typing import Annotated, Any, NoReturn
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from offkey.app import promql
from offkey.core.durations import WEEK, format_duration, parse_duration

BUDGET_PERIODS = {"hour": 3_600, "day": 86_400, "week": WEEK, "month": 30 * 86_400}
REFUSED = "refused"  # the type of errors that carry our own words
DURATION_PATTERN = r"^(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?$"
_BUDGET = re.compile(rf"\s*([0-9]+(?:\.[0-9]+)?)\s*(?:/|per)\s*({'|'.join(BUDGET_PERIODS)})\s*")


class Strict(BaseModel):
    """What every part of the file obeys: no unknown keys, no silent conversions."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, use_attribute_docstrings=True)


def refuse(message: str) -> NoReturn:
    """Refuse a value with our own words."""
    raise PydanticCustomError(REFUSED, "{message}", {"message": message})


def shown(value: Any) -> str:  # noqa: ANN401 (shows whatever a file holds)
    """Return a value as it stands in a file, shortened."""
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    if value is None:
        return "nothing"
    text = (
        json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value).lower()
    )  # true and false, as YAML has them
    return text if len(text) <= 60 else f"{text[:56]}..."


def nearest(found: str, known: Iterable[str]) -> str:
    """Return `; did you mean "x"?` when something known is like what was found."""
    close = difflib.get_close_matches(found, sorted(known), n=1, cutoff=0.6)
    return f'; did you mean "{close[0]}"?' if close else ""


def _seconds(value: object) -> int:
    if value == 0 and not isinstance(value, bool):
        return 0
    try:
        return parse_duration(str(value)) if isinstance(value, str) else refuse(_NO_DURATION.format(shown(value)))
    except ValueError:
        refuse(_NO_DURATION.format(shown(value)))


_NO_DURATION = "{} is not a duration; write for example 30s, 5m, 1h30m, 14d"


def _positive(seconds: int) -> int:
    return seconds if seconds > 0 else refuse("0s is too short; write for example 30s, 5m, 1h30m, 14d")


_DURATION_SCHEMA = WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN, "minLength": 2})
Pause = Annotated[int, BeforeValidator(_seconds), PlainSerializer(format_duration), _DURATION_SCHEMA]
Duration = Annotated[Pause, AfterValidator(_positive)]
"""Whole seconds above zero, written as Prometheus does; a Pause may be zero."""


def duration(seconds: int) -> Any:  # noqa: ANN401 (a field's default stands in for its type)
    """Return a field whose default is a number of seconds and is shown as text."""
    return Field(default=seconds, json_schema_extra={"default": format_duration(seconds)})


def _finite(value: float) -> float:
    return value if math.isfinite(value) else refuse(f"{value} is not a finite number")


def _above_zero(value: float) -> float:
    return value if value > 0 else refuse(f"{value:g} is not above 0")


def _not_negative(value: float) -> float:
    return value if value >= 0 else refuse(f"{value:g} is below 0")


def _fraction(value: float) -> float:
    return value if 0 <= value < 1 else refuse(f"{value:g} is not a share; write a number from 0 to below 1")


def _part(value: float) -> float:
    return value if 0 < value < 1 else refuse(f"{value:g} is not a share; write a number above 0 and below 1")


Number = Annotated[float, AfterValidator(_finite)]
Positive = Annotated[Number, AfterValidator(_above_zero), Field(json_schema_extra={"exclusiveMinimum": 0})]
NotNegative = Annotated[Number, AfterValidator(_not_negative), Field(json_schema_extra={"minimum": 0})]
Fraction = Annotated[Number, AfterValidator(_fraction), Field(json_schema_extra={"minimum": 0, "exclusiveMaximum": 1})]

_BETWEEN: dict[str, Any] = {"exclusiveMinimum": 0, "exclusiveMaximum": 1}
Share = Annotated[Number, AfterValidator(_part), Field(json_schema_extra=_BETWEEN)]


def _per_week(value: object) -> float:
    match = _BUDGET.fullmatch(value) if isinstance(value, str) else None
    if match is None or not float(match[1]):
        periods = ", ".join(BUDGET_PERIODS)
        refuse(f"{shown(value)} is not an alert budget; write for example 2/week, 1/day (periods: {periods})")
    return float(match[1]) * WEEK / BUDGET_PERIODS[match[2]]


def budget_text(per_week: float) -> str:
    """Return a budget as the file has it; the number is exact."""
    return f"{per_week:g}/week" if float(f"{per_week:g}") == per_week else f"{per_week!r}/week"


Budget = Annotated[
    float,
    BeforeValidator(_per_week),
    PlainSerializer(budget_text),
    WithJsonSchema({"type": "string", "pattern": rf"^[0-9]+(\.[0-9]+)?/({'|'.join(BUDGET_PERIODS)})$"}),
]


def _shape(pattern: str, wanted: str) -> tuple[AfterValidator, Any]:
    shape = re.compile(pattern)

    def check(value: str) -> str:
        return value if shape.fullmatch(value) else refuse(f"{shown(value)} is not {wanted}")

    return AfterValidator(check), Field(json_schema_extra={"pattern": f"^{pattern}$"})


SIGNAL_NAME = "[a-z][a-z0-9_]{0,99}"


def _name(value: str) -> str:
    if not re.fullmatch(SIGNAL_NAME, value):
        near = re.sub("[^a-z0-9]+", "_", value.lower()).strip("_0123456789")
        example = f", for example {near}" if re.fullmatch(SIGNAL_NAME, near) else ""
        refuse(f"{shown(value)} is not a name; write lower-case letters, digits and _{example}")
    return value


Name = Annotated[str, AfterValidator(_name), Field(json_schema_extra={"pattern": f"^{SIGNAL_NAME}$"})]
AlertName = Annotated[str, *_shape("([A-Z][A-Za-z0-9]*)?", "an alert name; write it like CheckoutLatencyHigh")]
LabelName = Annotated[str, *_shape("[a-zA-Z_][a-zA-Z0-9_]*", "a label name")]
Clock = Annotated[str, *_shape("(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)", "a time of day; write for example 09:00")]
Line = Annotated[str, *_shape(r"[^\x00-\x1f\x7f]*", "one line of text")]


def _web_address(value: str) -> str:
    try:
        parts = urlsplit(value)
        good = not value or (parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0)
    except ValueError:
        good = False
    if not good:
        refuse(f"{shown(value)} is not a web address; write http://... or https://...")
    if "@" in parts.netloc:
        refuse("a web address holds no user or password; name them in basic_auth, with a password_file")
    return value


Link = Annotated[Line, AfterValidator(_web_address), Field(json_schema_extra={"format": "uri-reference"})]


def _zone_name(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = nearest(value, available_timezones())  # reads some 600 files: only when it helps
        refuse(f"{shown(value)} is not an IANA time zone{near}; write for example Europe/Berlin, UTC")
    return value


def _query(value: str) -> str:
    if said := promql.fault(value):
        refuse(said)
    return value


Query = Annotated[str, AfterValidator(_query)]
ZoneName = Annotated[str, AfterValidator(_zone_name)]


_SIZE = re.compile(r"([0-9]+)\s*([KMG])i?B")
_FACTOR = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def _bytes(value: object) -> int:
    match = _SIZE.fullmatch(value) if isinstance(value, str) else None
    if match is None or not int(match[1]):
        refuse(f"{shown(value)} is not a size; write for example 64MB (KB, MB and GB are powers of 1,024)")
    return int(match[1]) * _FACTOR[match[2]]


def size_text(size: int) -> str:
    """Return a number of bytes as the file has it."""
    unit = next(unit for unit in "GMK" if size % _FACTOR[unit] == 0)
    return f"{size // _FACTOR[unit]}{unit}B"


Size = Annotated[
    int,
    BeforeValidator(_bytes),
    PlainSerializer(size_text),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]+[KMG]i?B$"}),
]
"""Bytes, written as Prometheus writes `body_size_limit`."""
