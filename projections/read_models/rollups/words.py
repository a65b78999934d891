"""words: the values of a site under small numbers, given to them as they come, and rows that are kept with the numbers."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import CTE, ColumnElement, Integer, Select, Table, bindparam, func, insert, select, union_all
from sqlalchemy.dialects.postgresql import insert as insert_new

from projections.read_models.rollups.tables import ROLLUP_WORDS


def worded(table: Table, wanted: CTE, counted: CTE, sums: Sequence[str]) -> Select[Any]:
    """Return a statement that inserts *counted* into *table*, with numbers for values, and says what was too many to be kept.

    *counted* has the place of a wanted day, dimension, bot, value, visitors and *sums*; the parameter ``most`` is how many rows
    of a dimension are kept of one day.
    """
    of_these = func.count().over(partition_by=[counted.c.place, counted.c.dimension]).label("of_these")
    sized = select(counted, of_these).cte("sized")
    few = sized.c.of_these <= bindparam("most", type_=Integer())
    named = _named(wanted, sized, few)
    same_word = (named.c.site == wanted.c.site_id) & (named.c.word == sized.c.value)
    rows = (
        select(
            *(wanted.c.tenant_id, wanted.c.site_id, wanted.c.day, sized.c.dimension, sized.c.bot),
            # Missing where somebody else has added the word at this moment: refused, for the next attempt finds it.
            *(named.c.id, sized.c.visitors, *(sized.c[name] for name in sums)),
        )
        .select_from(sized.join(wanted, wanted.c.place == sized.c.place).outerjoin(named, same_word))
        .where(few)
        .order_by(wanted.c.site_id, sized.c.bot, sized.c.dimension, wanted.c.day)
    )
    columns = ["tenant", "site", "day", "dimension", "bot", "value", "visitors", *sums]
    kept = insert(table).from_select(columns, rows).cte("kept")
    many = select(sized.c.place, sized.c.dimension).where(~few).distinct()
    return many.add_cte(kept)


def _named(wanted: CTE, sized: CTE, few: ColumnElement[bool]) -> CTE:
    needed = (
        select(wanted.c.tenant_id, wanted.c.site_id, sized.c.value.label("word"), _digest(sized.c.value).label("digest"))
        .join(wanted, wanted.c.place == sized.c.place)
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
    return union_all(there, select(added)).cte("named")


def _digest(word: ColumnElement[str]) -> ColumnElement[bytes]:
    return func.substr(func.sha256(func.convert_to(word, "UTF8")), 1, 16)
