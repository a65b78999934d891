"""`python -m collector.settings`: write the settings that compose.yaml hands on again."""

from pathlib import Path

from collector.settings.compose import with_settings

_COMPOSE = Path(__file__).parents[2] / "compose.yaml"

if __name__ == "__main__":
    _COMPOSE.write_text(with_settings(_COMPOSE.read_text(encoding="utf-8")), encoding="utf-8")
