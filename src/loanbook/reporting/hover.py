"""The few pictures where pointing at a mark helps, with Plotly; only where the reader asked for scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from loanbook.reporting.drawing import ACCENT, INK, LINE


@dataclass(frozen=True, slots=True)
class Plot:
    """Name of the place on the page, and what the axes hold."""

    name: str
    across: str
    up: str


def library() -> str:
    """All of plotly.js, to be put into a page once."""
    from plotly.offline import get_plotlyjs

    return str(get_plotlyjs()).replace("</script", "<\\/script")


def scatter(plot: Plot, points: Sequence[tuple[str, float, float]]) -> Markup:
    """Points with names."""
    from plotly.graph_objects import Scatter

    names, x, y = zip(*points, strict=True)
    mark = {"color": ACCENT, "size": 11}
    hint = "%{text}<br>%{y:.4g}<extra></extra>"
    return _html(plot, Scatter(x=x, y=y, text=_plain(names), mode="markers", marker=mark, hovertemplate=hint))


def curve(plot: Plot, x: Sequence[float], y: Sequence[float], notes: Sequence[str]) -> Markup:
    """A line whose points have something to say."""
    from plotly.graph_objects import Scatter

    hint = "%{text}<extra></extra>"
    line = {"color": ACCENT, "width": 2}
    return _html(plot, Scatter(x=x, y=y, text=_plain(notes), mode="lines", line=line, hovertemplate=hint))


def _plain(texts: Sequence[str]) -> list[str]:
    """Texts in which Plotly finds no tags."""
    return [text.replace("&", "&amp;").replace("<", "&lt;") for text in texts]


def _html(plot: Plot, trace: Any) -> Markup:
    from plotly.graph_objects import Figure
    from plotly.io import to_html

    figure = Figure(trace)
    axis = {"gridcolor": LINE, "zerolinecolor": LINE}
    figure.update_layout(
        template="none",
        font={"color": INK, "family": "system-ui, sans-serif"},
        margin={"l": 70, "r": 20, "t": 15, "b": 55},
        xaxis={"title": {"text": plot.across}, **axis},
        yaxis={"title": {"text": plot.up}, **axis},
        paper_bgcolor="#ffffff",
        plot_bgcolor="#ffffff",
    )
    config = {"displayModeBar": False, "responsive": True}
    made = to_html(figure, full_html=False, include_plotlyjs=False, div_id=f"hover-{plot.name}", config=config)
    return Markup('<div class="hover">') + Markup(made) + Markup("</div>")  # noqa: S704 (Plotly writes JSON, escaped)
