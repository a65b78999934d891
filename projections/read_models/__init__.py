"""The read models; READ_MODELS is the only list of them: a new one is a file, a line here and a migration."""

from projections.read_models import hits, visits
from projections.read_models.model import ReadModel

READ_MODELS: tuple[ReadModel, ...] = (hits.MODEL, visits.MODEL)
