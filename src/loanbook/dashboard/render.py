"""From what the page shows to HTML."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from loanbook.dashboard.view import Page

FOLDER = Path(__file__).parent / "pages"

POLICY = (
    "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
"""Content-Security-Policy: one style sheet of ours, and nothing else."""


def html(page: Page) -> str:
    """The page; everything in it is escaped."""
    return _template().render(page=page)


def css() -> bytes:
    """Its style sheet."""
    return (FOLDER / "style.css").read_bytes()


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    return environment.get_template("index.html")
