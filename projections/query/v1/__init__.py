"""POST /api/v1/query: several metrics by several dimensions at once, in the form of Plausible's stats API v2."""
