"""Everything that visits can be kept by: each dimension, and the goals of the site."""

from projections.query.dimensions import DIMENSIONS, Dimension
from projections.query.sums import Of
from projections.read_models.hits import Kind

# No breakdown, but a filter: what reaches a goal is decided for each site, and known once the site's goals are read.
GOAL = Dimension(
    name="goal",
    title="Goal",
    of=Of.REACHED,
    column="",
    meaning="a goal of the site that the visit has reached, by its short name",
    further=(Kind.EVENT,),
)

# Everything that visits can be kept by.
KEPT_BY: tuple[Dimension, ...] = (*DIMENSIONS, GOAL)
