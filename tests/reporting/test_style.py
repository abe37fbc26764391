"""The colours of the pages can be read, by day and by night (WCAG 2.2, level AA)."""

from __future__ import annotations

import re

import pytest

from loanbook.reporting import drawing
from loanbook.reporting.page import FOLDER

CSS = (FOLDER / "style.css").read_text(encoding="utf-8")
DAY, NIGHT = (
    dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", block)) for block in re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)[:2]
)


def light(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [DAY, NIGHT], ids=["day", "night"])
@pytest.mark.parametrize("ground", ["paper", "soft"])
@pytest.mark.parametrize("colour", ["ink", "quiet", "accent"])
def test_text_stands_out_from_its_ground(theme, ground, colour):
    assert contrast(theme[colour], theme[ground]) >= 4.5


def test_the_drawings_use_the_colours_of_the_page_by_day():
    for colour, name in drawing._NAMES.items():
        assert DAY[name] == colour


def test_the_page_asks_for_nothing_in_its_styles():
    assert "url(" not in CSS
    assert "@import" not in CSS
