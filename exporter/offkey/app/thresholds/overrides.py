"""What people decided about thresholds: a small file of their own that no command writes."""

from datetime import date
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, ValidationError, WithJsonSchema

from offkey.app import yamlfile
from offkey.app.fields import Budget, LabelName, Line, Number, Strict, refuse, shown
from offkey.app.problems import explained
from offkey.app.yamlfile import Document, InvalidFile, Problem
from offkey.core.labels import Labels

DEFAULT = Path("overrides.yml")
BUDGETS = {"critical": 0.5, "page": 0.5, "warning": 2.0, "info": 5.0}  # pages a week
USUAL_BUDGET = 2.0


def _day(value: object) -> date:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else refuse(_NO_DAY.format(shown(value)))
    except ValueError:
        refuse(_NO_DAY.format(shown(value)))


def _reason(value: str) -> str:
    return value if value.strip() else refuse("is empty; say why, for whoever reads it next")


_NO_DAY = "{} is not a day; write for example 2027-01-31"
Day = Annotated[date, BeforeValidator(_day), PlainSerializer(str), WithJsonSchema({"type": "string", "format": "date"})]
Reason = Annotated[Line, AfterValidator(_reason)]


class Override(Strict):
    """What holds for the thresholds of some rules."""

    rule: Line
    """Name of the alert."""
    labels: dict[LabelName, Line] = Field(default_factory=dict)
    """Only where the rule has these: among its own labels, or as equality matchers of its query."""
    adopt: bool = False
    """The constant that is written stays, whatever is learned."""
    pin: Number | None = None
    """The constant is this one."""
    min: Number | None = None
    """The constant is never below this."""
    max: Number | None = None
    """The constant is never above this."""
    budget: Budget | None = None
    """Pages the rule may cost."""
    disabled: bool = False
    """Nothing is learned or proposed."""
    until: Day | None = None
    """The last day the override holds; for good when not given."""
    reason: Reason
    """Why, for whoever reads it next."""

    def holds(self, name: str, labels: Labels, today: date) -> bool:
        """Return whether this is about a rule, and still in force."""
        mine = self.rule == name and all(labels.get(key) == value for key, value in self.labels.items())
        return mine and (self.until is None or today <= self.until)


class Overrides(Strict):
    """The content of an overrides file; the first override that holds for a rule is the one that counts."""

    budgets: dict[str, Budget] = Field(default_factory=dict)
    """Pages a week that a rule of a severity may cost."""
    overrides: list[Override] = Field(default_factory=list)
    """What people decided, the more special before the more general."""

    def budget(self, severity: str) -> float:
        """Return the pages a week that a rule of a severity may cost."""
        return self.budgets.get(severity, BUDGETS.get(severity, USUAL_BUDGET))

    def of(self, name: str, labels: Labels, today: date) -> Override | None:
        """Return what people decided about a rule."""
        return next((one for one in self.overrides if one.holds(name, labels, today)), None)


def load(path: Path | None) -> Overrides:
    """Read an overrides file.

    Args:
        path: the file; None for overrides.yml in this folder, when there is one.

    Raises:
        ConfigError: it cannot be read or is not acceptable; one line, with its place, for each mistake.
    """
    if path is None:
        if not DEFAULT.exists():
            return Overrides()
        path = DEFAULT
    return parse(yamlfile.load(path))


def parse(document: Document) -> Overrides:
    """Check an overrides file.

    Raises:
        InvalidFile: it is not acceptable; one line for each mistake.
    """
    try:
        found = Overrides.model_validate(document.value if document.value is not None else {})
    except ValidationError as error:
        problems = [document.problem(one.route, one.words, at_key=one.at_key) for one in explained(Overrides, error)]
        raise InvalidFile(problems) from error
    problems = [problem for place, one in enumerate(found.overrides) for problem in _odd(document, place, one)]
    if problems:
        raise InvalidFile(problems)
    return found


def _odd(document: Document, place: int, one: Override) -> list[Problem]:
    """Return what does not go together in an override."""
    route = ("overrides", place)
    chosen = [
        key for key, given in (("adopt", one.adopt), ("pin", one.pin is not None), ("disabled", one.disabled)) if given
    ]
    bounded = [key for key in ("min", "max", "budget") if getattr(one, key) is not None]
    said = []
    if not chosen and not bounded:
        said.append(document.problem(route, "decides nothing; write adopt, pin, min, max, budget or disabled"))
    if len(chosen) > 1 or (chosen and bounded):
        names = " and ".join((*chosen, *bounded))
        said.append(document.problem((*route, (*chosen, *bounded)[1]), f"{names} exclude each other; keep one"))
    if one.min is not None and one.max is not None and one.min > one.max:
        said.append(document.problem((*route, "min"), f"{one.min:g} is above max, {one.max:g}"))
    return said
