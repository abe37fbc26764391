"""The points of a scorecard, as they add up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from loanbook.reporting.parts import Block, Table, Text
from loanbook.reporting.wording import clipped, figure, share, whole


def points(estimator: Any, names: Sequence[str]) -> list[Block]:
    """The card of a scorecard, as it adds up."""
    card = estimator.table(names)
    rows = [["every loan", "", whole(card.base_points), "", "", "", ""]]
    for item in card.items:
        for band in item.bands:
            figures = [whole(band.points), share(band.share), share(band.bad_rate), figure(band.woe, 2)]
            rows.append([clipped(item.name), band.label, *figures, figure(band.information)])
    columns = ["column", "~range", ">points", ">loans", ">bad", ">WOE", ">information"]
    text = "A loan's score is the sum of its points; the more the safer. What is printed is what decides."
    return [Text(text), Table("The scorecard", columns, rows)]
