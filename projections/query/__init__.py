"""The answering half: one Question parsed once, the JSON API, its definitions and who may ask."""
