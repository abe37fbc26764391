"""What answers: a loaded model that turns a table of applications into a table of answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loanbook.decisions.reasons import MOST, Floats, Reasoner
from loanbook.models.trained import Scored, TrainedModel

if TYPE_CHECKING:
    from narwhals.typing import IntoDataFrameT


Say = Callable[[Floats, Floats, Sequence[Mapping[str, object]]], list[list[str]]]
"""Codes (n, fields), contributions (n, groups) and what each applicant wrote, to at most four reasons for each."""

_REASON_ROWS = 2_048
"""Rows whose contributions are in memory at a time."""


class Answerer(ABC):
    """A model that is ready to answer, under its number in the registry.

    Attributes
    ----------
    model, version : the trained model and its number.
    """

    model: TrainedModel
    version: int

    @property
    def usecase(self) -> str:
        return self.model.usecase

    @property
    @abstractmethod
    def reasoner(self) -> Reasoner:
        """What names values and reasons."""

    @abstractmethod
    def decide_table(self, table: pl.DataFrame, *, reasons: bool = False) -> pl.DataFrame:
        """Answer every row of a table, in its order; a row that breaks the contract has nulls and says why."""

    def predict(self, frame: IntoDataFrameT) -> IntoDataFrameT:
        """Answer every row of a pandas, Polars or Arrow table; the same kind comes back, columns as `decide_table`."""
        import narwhals as nw

        given = nw.from_native(frame, eager_only=True)
        decided = self.decide_table(given.to_polars())
        if given.implementation.is_pandas():
            made: Any = decided.to_pandas()
            made.index = cast("Any", nw.to_native(given)).index
        elif given.implementation.is_polars():
            made = decided
        else:
            made = nw.from_arrow(decided, backend=given.implementation).to_native()
        return cast("IntoDataFrameT", made)

    def explain_row(self, row: Mapping[str, object]) -> tuple[float, list[dict[str, Any]]]:
        """The base value and what each group of columns added to it, largest first; their sum is the answer's level."""
        codes = self.model.contract.code_row(row)
        contributions = self.model.contributions(self.model.plan.transform(codes[None, :]))[0]
        parts = []
        for place in np.argsort(-contributions, kind="stable"):
            group = self.model.groups[place]
            value = self.reasoner.value(group, codes, row)[1]
            parts.append(
                {
                    "feature": group.name,
                    "title": group.title,
                    "fields": list(group.fields),
                    "value": value,
                    "contribution": float(contributions[place]),
                }
            )
        return self.model.base_level, parts

    def framed(self, table: pl.DataFrame, answers: Mapping[str, pl.Series], scored: Scored) -> pl.DataFrame:
        """The id, where the contract and the table have one, then the answers, then what is wrong with each row."""
        columns: dict[str, pl.Series] = {}
        id_column = self.model.contract.id
        if id_column is not None and id_column in table.columns:
            columns[id_column] = table[id_column]
        said: list[str | None] = [None] * table.height
        for row, found in scored.problems.items():
            said[row] = "; ".join(str(problem) for problem in found)
        return pl.DataFrame(columns | dict(answers) | {"error": pl.Series(said, dtype=pl.String)})

    def reason_columns(
        self, table: pl.DataFrame, scored: Scored, wanted: NDArray[np.intp], say: Say
    ) -> dict[str, pl.Series]:
        """The columns reason_1 to reason_4: what `say` says of each wanted row, largest first, null elsewhere."""
        texts: list[list[str | None]] = [[None] * table.height for _ in range(MOST)]
        open_fields = [name for name in self.reasoner.open_fields if name in table.columns]
        own, places = table.select(open_fields), [self.model.contract.names.index(name) for name in open_fields]
        for start in range(0, len(wanted), _REASON_ROWS):
            rows = wanted[start : start + _REASON_ROWS]
            moved, codes = self.model.contributions(scored.x[rows], scored.margin[rows]), scored.codes[rows]
            # What has no code of its own is called what the table calls it.
            given: list[Mapping[str, object]] = [{}] * len(rows)
            for at in np.flatnonzero((codes[:, places] < 0).any(axis=1)).tolist():
                given[at] = own.row(int(rows[at]), named=True)
            for row, said in zip(rows.tolist(), say(codes, moved, given), strict=True):
                for place, text in enumerate(said):
                    texts[place][row] = text
        return {f"reason_{place + 1}": pl.Series(column, dtype=pl.String) for place, column in enumerate(texts)}

    def numbered(self, height: int) -> pl.Series:
        """The column `model_version`."""
        return pl.repeat(self.version, height, dtype=pl.Int64, eager=True)


def figures(values: NDArray[np.float64]) -> pl.Series:
    """A column of numbers, null where NaN."""
    return pl.Series(values, dtype=pl.Float64).fill_nan(None)
