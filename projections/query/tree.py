"""Tree: filters that are nested in each other, as all of, any of, and leaves; a negation stands at its leaf alone."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeAlias

from msgspec import Struct, structs
from sqlalchemy import ColumnElement, func

from projections.query.dimensions import Dimension
from projections.query.filters import Filter
from projections.query.matching import Condition, any_of, every, hit_counts, hit_of_visit, seen_counts, visit_has
from projections.query.numbered import Sites, holds, taken_by
from projections.query.operators import Operator, condition
from projections.query.periods import Span
from projections.query.sums import Columns, Of
from projections.read_models.hits import Kind


class Leaf(Struct, frozen=True, kw_only=True):
    """Keep what has one of these values of the dimension or, negated, what has none of them."""

    dimension: Dimension
    operator: Operator
    values: tuple[str, ...]
    negated: bool = False
    case_sensitive: bool = True

    def on(self, columns: Columns, sites: Sites) -> Condition:
        """Return the condition that a row has one of the values, whichever way the leaf points."""

        def passes(text: ColumnElement[Any]) -> Condition:
            if self.case_sensitive:
                return condition(text, self.operator, self.values)
            return condition(func.lower(text), self.operator, (value.lower() for value in self.values))

        return holds(self.dimension, columns, sites, passes, takes=taken_by(self.operator, self.values))


class All(Struct, frozen=True):
    """Keep what every one of ``nodes`` keeps; without any, everything."""

    nodes: "tuple[Node, ...]"


class AnyOf(Struct, frozen=True):
    """Keep what one of ``nodes`` keeps."""

    nodes: "tuple[Node, ...]"


class Done(Struct, frozen=True):
    """Keep all of a visit that ``node`` keeps any of, also what does not have itself what is asked for."""

    node: "Node"


Node: TypeAlias = Leaf | All | AnyOf | Done
EVERYTHING: Final = All(())


def negated(node: Node) -> Node:
    """Return what keeps all that *node* does not."""
    match node:
        case Leaf():
            return structs.replace(node, negated=not node.negated)
        case All(nodes):
            return AnyOf(tuple(map(negated, nodes)))
        case AnyOf(nodes):
            return All(tuple(map(negated, nodes)))
        case Done(inner):
            return Done(negated(inner))


def leaves(node: Node) -> Iterator[Leaf]:
    """Yield every leaf of *node* that speaks of what it keeps itself."""
    match node:
        case Leaf():
            yield node
        case All(nodes) | AnyOf(nodes):
            for inner in nodes:
                yield from leaves(inner)
        case Done():
            return


def keeps_single_views_of(node: Node) -> bool:
    """Say whether of a visit that is kept only some pageviews count: those that have what a leaf asks of pages."""
    return any(_speaks_of_views(leaf) for leaf in leaves(node))


def has_alternatives(node: Node) -> bool:
    """Say whether anything that *node* keeps, it keeps for one reason or another."""
    match node:
        case Leaf():
            return False
        case All(nodes):
            return any(map(has_alternatives, nodes))
        case AnyOf():
            return True
        case Done(inner):
            return has_alternatives(inner)


def as_filters(node: Node) -> tuple[Filter, ...] | None:
    """Return *node* as the filters of a question that keep the same, None where there are none that do."""
    if isinstance(node, AnyOf | Done):
        return None
    listed = [node] if isinstance(node, Leaf) else list(node.nodes)
    found: dict[tuple[str, bool, Operator], list[Filter]] = {}
    for leaf in listed:
        if not isinstance(leaf, Leaf) or not leaf.case_sensitive:
            return None
        alike = (leaf.dimension.name, leaf.negated, leaf.operator)
        # Filters by one dimension that compare alike are alternatives; of two leaves both must hold.
        if alike in found:
            return None
        found[alike] = [
            Filter(dimension=leaf.dimension, value=value, negated=leaf.negated, operator=leaf.operator) for value in leaf.values
        ]
    return tuple(one for filters in found.values() for one in filters)


def visits_where(node: Node, span: Span, sites: Sites) -> Condition:
    """Return the condition for the visits of *sites* that *node* keeps, of those that began in *span*."""
    match node:
        case Leaf():
            return visit_has(node, span, sites)
        case All(nodes):
            return every(visits_where(inner, span, sites) for inner in nodes)
        case AnyOf(nodes):
            return any_of(visits_where(inner, span, sites) for inner in nodes)
        case Done(inner):
            return visits_where(inner, span, sites)


def hits_where(node: Node, span: Span, kinds: Sequence[Kind], sites: Sites) -> Condition:
    """Return the condition for the hits of *sites* that *node* keeps, of these *kinds*, that happened in *span*."""
    match node:
        case Leaf():
            return hit_counts(node, span, kinds, sites)
        case All(nodes):
            return every(hits_where(inner, span, kinds, sites) for inner in nodes)
        case AnyOf(nodes):
            return any_of(hits_where(inner, span, kinds, sites) for inner in nodes)
        case Done(inner):
            return hit_of_visit(lambda began: visits_where(inner, began, sites), span, kinds)


def seen_where(node: Node, span: Span, seen: Columns, sites: Sites) -> Condition:
    """Return the condition for hits among *seen*, each beside its visit, which began in *span*."""
    match node:
        case Leaf():
            return seen_counts(node, span, seen, sites)
        case All(nodes):
            return every(seen_where(inner, span, seen, sites) for inner in nodes)
        case AnyOf(nodes):
            return any_of(seen_where(inner, span, seen, sites) for inner in nodes)
        case Done(inner):
            return visits_where(inner, span, sites)


def _speaks_of_views(leaf: Leaf) -> bool:
    return leaf.dimension.of is Of.HIT and leaf.dimension.kind is Kind.PAGEVIEW and not leaf.negated
