"""`.env.example` names every setting once, in the order of `Settings`, with its meaning and its default."""

import re
from pathlib import Path

from gateway.settings import PREFIX, Settings

TEXT = (Path(__file__).parents[1] / ".env.example").read_text(encoding="utf-8")
ENTRIES = re.findall(r"((?:^# .+\n)+)^#(GATEWAY_\w+)=(.*)$", TEXT, re.MULTILINE)


def test_every_setting_is_named_with_its_meaning_and_default() -> None:
    """A copy of the file is a complete `.env`."""
    named = [
        (name, " ".join(meaning.replace("\n# ", " ").split()).removeprefix("# "), default)
        for meaning, name, default in ENTRIES
    ]
    fields = Settings.model_fields.items()
    assert named == [(f"{PREFIX}{name.upper()}", field.description, _text(field.default)) for name, field in fields]


def test_the_defaults_as_written_are_the_defaults() -> None:
    """Taking the comment marks away changes nothing."""
    assert Settings.from_environ({name: default for _, name, default in ENTRIES}) == Settings.from_environ({})


def _text(default: object) -> str:
    match default:
        case None:
            return ""
        case bool():
            return str(default).lower()
        case tuple():
            return ",".join(default)
        case _:
            return str(default)
