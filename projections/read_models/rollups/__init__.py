"""Rollups: what can be added up of a whole UTC day of a site, computed from its hits and visits once the day is closed.

A visitor's id lives one UTC day and no visit goes over midnight UTC, so every number here adds up over days, exactly. A day's
rows are true when its mark in ``site_days`` says that it is fresh, and mean nothing otherwise: ``fresh.py`` is how they are
read, ``tables.py`` what they are, ``numbering.py`` which dimensions have them, ``marking.py`` how a batch takes a day's
freshness away, and ``computing.py`` how rows come about. The loop that does it stands beside the projector, in
``projector/rolling.py``.
"""
