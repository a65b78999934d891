"""words: the values of a site under small numbers, given to them as they come, and rows that are kept with the numbers."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import CTE, ColumnElement, Integer, Select, Table, bindparam, func, insert, null, select, union_all
from sqlalchemy.dialects.postgresql import insert as insert_new

from projections.read_models.rollups.tables import ROLLUP_WORDS


def worded(table: Table, wanted: CTE, counted: CTE, sums: Sequence[str]) -> Select[Any]:
    """Return a statement that inserts *counted* into *table*, with numbers for values, and says what was too many to be kept.

    *counted* has the place of a wanted day, dimension, bot, value, visitors and *sums*; the parameter ``most`` is how many rows
    of a dimension are kept of one day.
    """
    of_these = func.count().over(partition_by=[counted.c.place, counted.c.dimension]).label("of_these")
    sized = select(*counted.c, of_these).cte("sized")
    few = sized.c.of_these <= bindparam("most", type_=Integer())
    numbers = ["visitors", *sums]
    unnamed = select(
        *(wanted.c.tenant_id, wanted.c.site_id, wanted.c.day, sized.c.dimension, sized.c.bot, sized.c.value.label("word")),
        *(null().label("id"), *(sized.c[name] for name in numbers)),
    ).select_from(sized.join(wanted, wanted.c.place == sized.c.place))
    rows = _numbered(unnamed.where(few), wanted, sized, few, width=len(numbers))
    columns = ["tenant", "site", "day", "dimension", "bot", "value", *numbers]
    kept = insert(table).from_select(columns, rows).cte("kept")
    return select(sized.c.place, sized.c.dimension).where(~few).distinct().add_cte(kept)


def _numbered(unnamed: Select[Any], wanted: CTE, sized: CTE, few: ColumnElement[bool], *, width: int) -> Select[Any]:
    # The numbers stand among the rows that want them, and a window hands them over: the planner, who cannot know how many rows
    # a day has, would join the two by comparing each with each.
    named = _named(wanted, sized, few)
    of_a_word = select(
        *(null(), named.c.site, null(), null(), null(), named.c.word, named.c.id),
        *(null() for _ in range(width)),
    )
    together = union_all(unnamed, of_a_word).subquery("together")
    number = func.max(together.c.id).over(partition_by=[together.c.site_id, together.c.word]).label("number")
    each = select(*together.c, number).subquery("each")
    columns = [column for column in each.c if column.name not in {"word", "id", "number"}]
    # A number is missing where somebody else has added the word at this moment: that is refused, and the next attempt finds it.
    return (
        select(*columns[:5], each.c.number, *columns[5:])
        .where(each.c.dimension.is_not(None))
        .order_by(each.c.site_id, each.c.bot, each.c.dimension, each.c.day)
    )


def _named(wanted: CTE, sized: CTE, few: ColumnElement[bool]) -> CTE:
    needed = (
        select(wanted.c.tenant_id, wanted.c.site_id, sized.c.value.label("word"), _digest(sized.c.value).label("digest"))
        .select_from(sized.join(wanted, wanted.c.place == sized.c.place))
        .where(few)
        .distinct()
        .cte("needed")
    )
    known = ROLLUP_WORDS.c
    is_known = (known.site == needed.c.site_id) & (known.digest == needed.c.digest)
    unknown = select(needed.c.tenant_id, needed.c.site_id, needed.c.digest, needed.c.word).where(
        ~select(known.id).where(is_known).exists()
    )
    added = (
        insert_new(ROLLUP_WORDS)
        .from_select(["tenant", "site", "digest", "word"], unknown)
        .on_conflict_do_nothing()
        .returning(known.id, known.site, known.word)
        .cte("added")
    )
    there = select(known.id, known.site, known.word).join(needed, is_known)
    return union_all(there, select(*added.c)).cte("named")


def _digest(word: ColumnElement[str]) -> ColumnElement[bytes]:
    return func.substr(func.sha256(func.convert_to(word, "UTF8")), 1, 16)
