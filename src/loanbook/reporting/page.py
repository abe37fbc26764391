"""From a page's parts to one file of HTML that asks for nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from loanbook.evaluation.benchmark import Progress, quiet
from loanbook.reporting.hover import library
from loanbook.reporting.parts import Page

if TYPE_CHECKING:
    from jinja2 import Template

FOLDER = Path(__file__).parent / "pages"

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
"""What a page may load: nothing but what stands in it."""
_WITH_SCRIPT = f"{POLICY}; script-src 'unsafe-inline' 'unsafe-eval'; worker-src blob:"


def html(page: Page, *, interactive: bool = False, progress: Progress = quiet) -> bytes:
    """The page as UTF-8; every text in it is escaped, the same page gives the same bytes.

    Parameters
    ----------
    page : what stands in it.
    interactive : whether it holds pictures with `hover`; their library is put into the page once.
    progress : told of each picture; the first half of the way is behind, when the page was made.
    """
    script = library() if interactive else ""
    parts: dict[str, Any] = {
        "page": page,
        "policy": _WITH_SCRIPT if script else POLICY,
        "style": Markup((FOLDER / "style.css").read_text(encoding="utf-8")),  # noqa: S704 (ours)
        "script": Markup(script),  # noqa: S704 (of a package that is installed)
        "counter": _counter(page.pictures, progress),
    }
    return _template().render(parts).encode()


def _counter(pictures: int, progress: Progress) -> Callable[[], int]:
    """Numbers the pictures as they are drawn."""
    places = count(1)

    def tell() -> int:
        place = next(places)
        progress("Drawing", pictures + place, 2 * pictures)
        return place

    return tell


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["prose"] = prose
    return environment.get_template("page.html")


def prose(text: str) -> Markup:
    """A sentence whose words in backticks are for a terminal; everything in it is escaped first.

    >>> prose("run `loanbook train` <now>")
    Markup('run <code>loanbook train</code> &lt;now&gt;')
    """
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))  # noqa: S704 (escaped)
