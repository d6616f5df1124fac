"""Which labels the result of an expression can have, as far as the expression alone tells."""

from dataclasses import dataclass

import promql_parser as promql

_KEEPING = frozenset({"topk", "bottomk", "limitk", "limit_ratio"})
_NOTHING = frozenset({"scalar", "time", "vector", "pi"})
_NAMED = frozenset({"label_replace", "label_join"})


@dataclass(frozen=True, slots=True)
class Shape:
    """Label names: only some, or all but some; `only` is None where any may be there."""

    only: frozenset[str] | None = None
    gone: frozenset[str] = frozenset()

    def has(self, name: str) -> bool:
        """Return whether the label can be there."""
        return (self.only is None or name in self.only) and name not in self.gone

    def keeping(self, names: frozenset[str]) -> "Shape":
        """Return the shape with at most these."""
        return Shape(frozenset(name for name in names if self.has(name)))

    def losing(self, names: frozenset[str]) -> "Shape":
        """Return the shape without these."""
        return Shape(self.only, self.gone | names)

    def gaining(self, names: frozenset[str]) -> "Shape":
        """Return the shape with these as well."""
        return Shape(None if self.only is None else self.only | names, self.gone - names)

    def joined(self, other: "Shape") -> "Shape":
        """Return what either may have."""
        if self.only is not None and other.only is not None:
            mine = frozenset(name for name in self.only if self.has(name))
            return Shape(mine | frozenset(name for name in other.only if other.has(name)))
        return Shape(
            None, frozenset(name for name in self.gone | other.gone if not (self.has(name) or other.has(name)))
        )

    def shared(self, other: "Shape") -> "Shape":
        """Return what both may have."""
        if other.only is not None:
            return self.keeping(frozenset(name for name in other.only if other.has(name)))
        return self.losing(other.gone)


NONE = Shape(frozenset())


def shape(tree: promql.Expr) -> Shape:
    """Return the labels a result can have."""
    if isinstance(tree, promql.ParenExpr | promql.UnaryExpr | promql.SubqueryExpr):
        return shape(tree.expr)
    if isinstance(tree, promql.AggregateExpr):
        return _aggregated(tree)
    if isinstance(tree, promql.Call):
        return _called(tree)
    if isinstance(tree, promql.BinaryExpr):
        return _combined(tree)
    return NONE if isinstance(tree, promql.NumberLiteral | promql.StringLiteral) else Shape()


def is_number(tree: promql.Expr) -> bool:
    """Return whether an expression is a scalar."""
    if isinstance(tree, promql.ParenExpr | promql.UnaryExpr):
        return is_number(tree.expr)
    if isinstance(tree, promql.BinaryExpr):
        return is_number(tree.lhs) and is_number(tree.rhs)
    return isinstance(tree, promql.NumberLiteral) or (
        isinstance(tree, promql.Call) and tree.func.name in ("scalar", "time", "pi")
    )


def _aggregated(tree: promql.AggregateExpr) -> Shape:
    inner, op = shape(tree.expr), str(tree.op)
    if op in _KEEPING:
        return inner
    if tree.modifier is None:
        kept = NONE
    elif tree.modifier.type == promql.AggModifierType.By:
        kept = inner.keeping(frozenset(tree.modifier.labels))
    else:
        kept = inner.losing(frozenset(tree.modifier.labels))
    if op == "count_values" and isinstance(tree.param, promql.StringLiteral):
        return kept.gaining(frozenset({tree.param.val}))
    return kept


def _called(tree: promql.Call) -> Shape:
    name = tree.func.name
    if name in _NOTHING or not tree.args:
        return NONE
    if name in ("absent", "absent_over_time"):
        return Shape(frozenset(_equal_labels(tree.args[0])))
    vector = next((one for one in tree.args if not isinstance(one, promql.NumberLiteral | promql.StringLiteral)), None)
    inner = NONE if vector is None else shape(vector)
    if name in _NAMED and isinstance(tree.args[1], promql.StringLiteral):
        return inner.gaining(frozenset({tree.args[1].val}))
    return inner.losing(frozenset({"le"})) if name == "histogram_quantile" else inner


def _equal_labels(tree: promql.Expr) -> list[str]:
    """Return the labels `absent` gives: those of equality matchers."""
    inner = getattr(tree, "vector_selector", tree)
    if not isinstance(inner, promql.VectorSelector):
        return []
    return [one.name for one in inner.matchers.matchers if one.op == promql.MatchOp.Equal and one.name != "__name__"]


def _combined(tree: promql.BinaryExpr) -> Shape:
    left, right, op = shape(tree.lhs), shape(tree.rhs), str(tree.op).lower()
    if op in ("and", "or", "unless"):
        return left.joined(right) if op == "or" else left
    if is_number(tree.lhs) or is_number(tree.rhs):
        return right if is_number(tree.lhs) else left
    modifier = tree.modifier
    more = frozenset((modifier.group_labels if modifier else None) or ())
    if modifier and modifier.card in (promql.VectorMatchCardinality.ManyToOne, promql.VectorMatchCardinality.OneToMany):
        return (left if modifier.card == promql.VectorMatchCardinality.ManyToOne else right).gaining(more)
    names = matching(tree)
    if names is not None and names[0]:
        return left.keeping(names[1])
    return left.shared(right).losing(names[1] if names else frozenset())


def matching(tree: promql.BinaryExpr) -> tuple[bool, frozenset[str]] | None:
    """Return whether `on` or `ignoring` is written, and its labels; None when neither is."""
    found = tree.modifier.matching if tree.modifier else None
    if found is None:
        return None
    return found.type == promql.LabelModifierType.Include, frozenset(found.labels)
