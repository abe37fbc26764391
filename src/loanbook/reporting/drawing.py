"""Stills: Matplotlib draws them, and the page colours them, so that they are right by day, by night and on paper."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from loanbook.reporting.wording import clipped, compact

if TYPE_CHECKING:
    from matplotlib.axes import Axes

INK, QUIET, LINE, ACCENT, SOFT, PAPER = "#22262b", "#5c646e", "#dedbd5", "#1f5f8b", "#eef3f7", "#fbfaf8"
"""The page's own colours by day; in a drawing each becomes the variable of its name."""

_NAMES = {INK: "ink", QUIET: "quiet", LINE: "line", ACCENT: "accent", SOFT: "soft", PAPER: "paper"}
_STYLE: Any = {
    "svg.fonttype": "none",  # text stays text: it can be read aloud, searched and copied
    "svg.hashsalt": "loanbook",  # the same drawing has the same bytes
    "text.parse_math": False,  # a dollar in the name of a column is a dollar
    "font.size": 10.0,
    "axes.titlesize": 10.0,
    "axes.labelcolor": QUIET,
    "axes.edgecolor": LINE,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": QUIET,
    "ytick.labelcolor": QUIET,
    "text.color": INK,
    "legend.frameon": False,
    "legend.fontsize": 9.5,
    "lines.linewidth": 1.8,
    "figure.facecolor": "none",
    "axes.facecolor": "none",
}
WIDTH = 4.7  # inches: the letters keep their size on a telephone

_ID = re.compile(r' id="([^"]+)"')
_USED = re.compile(r'(?:url\(#|href="#)([^")]+)')


@dataclass(frozen=True, slots=True)
class Still:
    """A picture that is not drawn before a page needs it.

    Parameters
    ----------
    paint : draws on the axes it is given.
    height, width : in inches.
    """

    paint: Callable[[Axes], None]
    height: float = 2.8
    width: float = WIDTH

    def svg(self, place: int) -> Markup:
        """The drawing, to stand in a page as its picture number `place`: ids on a page are its own."""
        from matplotlib import rc_context
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure

        with rc_context(_STYLE), warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Glyph")  # the reader's own letters are used, not Matplotlib's
            figure = Figure(figsize=(self.width, self.height), layout="constrained")
            FigureCanvasSVG(figure)
            self.paint(figure.add_subplot())
            file = io.StringIO()
            nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
            figure.savefig(file, format="svg", metadata=nothing)
        return Markup(_tidied(file.getvalue(), f"p{place}-"))  # noqa: S704 (Matplotlib escapes texts)


def _tidied(svg: str, own: str) -> str:
    """Take out what a page does not need, and give it the colours of the page."""
    svg = svg[svg.index("<svg") :].strip()
    svg = re.sub(r"<metadata>.*?</metadata>\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r"<!--.*?-->\s*", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<style type="text/css">.*?</style>\s*', "", svg, flags=re.DOTALL)
    box = re.search(r'viewBox="[^"]*"', svg)
    head = f'<svg {box[0] if box else ""} aria-hidden="true" focusable="false">'
    svg = head + svg[svg.index(">") + 1 :]
    svg = svg.replace("xlink:href=", "href=")
    for colour, name in _NAMES.items():
        svg = svg.replace(colour, f"var(--{name})")
    svg = re.sub(r"font: ([\d.]+px) [^;\"]*", r"font-size: \1", svg)
    return re.sub(r"\s*\n\s*", "\n", _with_own_ids(svg, own))


def _with_own_ids(svg: str, own: str) -> str:
    """Drop the ids that nothing refers to, and put `own` before the others."""
    used = set(_USED.findall(svg))
    svg = _ID.sub(lambda found: f' id="{own}{found[1]}"' if found[1] in used else "", svg)
    return _USED.sub(lambda found: found[0].replace("#", f"#{own}"), svg)


def percent_axis(axis: Any) -> None:
    """Write shares in percent."""
    from matplotlib.ticker import PercentFormatter

    axis.set_major_formatter(PercentFormatter(1.0, decimals=None))


def number_axis(axis: Any) -> None:
    """Write numbers short, with thousands separated."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    axis.set_major_locator(MaxNLocator(5))
    axis.set_major_formatter(FuncFormatter(compact))


def bars(axes: Axes, labels: list[str], values: list[float], across: str) -> None:
    """Horizontal bars, the first one on top, each with its name; `across` says what their length is."""
    places = range(len(values))
    axes.barh(places, values, color=ACCENT, height=0.66)
    axes.set_yticks(list(places), [clipped(label, 26) for label in labels])
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0, labelcolor=INK)
    axes.set_xlabel(across, loc="right")


def bars_height(count: int) -> float:
    """Inches that so many bars take."""
    return 0.7 + 0.24 * count
