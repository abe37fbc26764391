"""What a model card is about: the last training of a use case, the model it registered, and the table behind both."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loanbook import lifecycle
from loanbook.book import Book, Section
from loanbook.data.inference import ColumnType
from loanbook.data.loans import Loans
from loanbook.evaluation.benchmark import Progress, quiet
from loanbook.evaluation.floor import calibration_floor
from loanbook.lifecycle import UseCase
from loanbook.models.trained import TrainedModel
from loanbook.models.training import Setting, fit_plan
from loanbook.registry.versions import Change, Registry, Version

Floats = NDArray[np.float64]

_SEED = 0


@dataclass(frozen=True)
class Subject:
    """Read once, asked by every chapter.

    book, usecase : whose card. report : the last training, as JSON. test : its predictions, one row a test row.
    interactive : whether pictures may ask for a script. progress : told what is being done.
    """

    book: Book
    usecase: UseCase
    report: dict[str, Any]
    test: pl.DataFrame
    interactive: bool = False
    progress: Progress = quiet

    @classmethod
    def read(cls, book: Book, usecase: UseCase, *, interactive: bool = False, progress: Progress = quiet) -> Subject:
        """Read the last training.

        Raises
        ------
        LoanbookError : nothing was trained yet, or what was written is not there any more.
        """
        book.section(usecase.name)
        report, test = lifecycle.last_report(book, usecase), lifecycle.last_test(book, usecase)
        return cls(book, usecase, report, test, interactive, progress)

    def tell(self, what: str) -> None:
        """Say what is being done, without moving on."""
        self.progress(what, 0, 1)

    @property
    def section(self) -> Section:
        return self.book.section(self.usecase.name)

    @property
    def rung(self) -> str:
        """The rung that was chosen."""
        return str(self.report["rung"])

    @property
    def title(self) -> str:
        return str(self.report["title"])

    @property
    def headline(self) -> str:
        """The figure that the ladder is compared by."""
        return str(self.report["headline"])

    @property
    def ladder(self) -> list[dict[str, Any]]:
        """Every rung that was measured."""
        return [rung for rung in self.report["ladder"] if "test" in rung]

    def measured(self, name: str) -> bool:
        """Whether a rung of the ladder has figures."""
        return any(rung["name"] == name for rung in self.ladder)

    @property
    def y(self) -> Floats:
        """(n,) what became of the test rows."""
        return self.test["y"].to_numpy().astype(np.float64)

    @property
    def amount(self) -> Floats | None:
        """(n,) their exposure, if the book names it."""
        known = self.test["amount"]
        return None if known.null_count() == len(known) else known.cast(pl.Float64).fill_null(np.nan).to_numpy()

    def said(self, rung: str = "") -> Floats:
        """(n,) what a rung answered for the test rows; the chosen one by default."""
        return self.test[f"p_{rung or self.rung}"].to_numpy().astype(np.float64)

    def has(self, rung: str) -> bool:
        """Whether the answers of a rung were kept."""
        return f"p_{rung}" in self.test.columns

    @cached_property
    def version(self) -> Version:
        """The registered model, as the registry knows it now."""
        with closing(Registry(self.book)) as registry:
            return registry.version(self.usecase.name, self.report["version"])

    @cached_property
    def history(self) -> list[Change]:
        """What became of it: every change of role, oldest first."""
        with closing(Registry(self.book)) as registry:
            found = registry.history(self.usecase.name)
        return [one for one in found if self.report["version"] in (one.from_version, one.to_version)]

    @cached_property
    def answerer(self) -> Any:
        """The model, ready to answer."""
        return lifecycle.decider(self.book, self.usecase, self.report["version"])

    @property
    def model(self) -> TrainedModel:
        model: TrainedModel = self.answerer.model
        return model

    def answer(self, codes: Floats) -> Floats:
        """(n,) the model's answers for (n, fields) codes."""
        return self.model.score_codes(codes).value

    @cached_property
    def table(self) -> tuple[pl.DataFrame, dict[str, ColumnType]]:
        """The book's table as it is now, and what its columns are."""
        return lifecycle.load(self.book, self.section)

    @cached_property
    def loans(self) -> Loans:
        """Its labelled rows."""
        return self.usecase.learn(self.table[0], self.section, self.table[1])

    @cached_property
    def places(self) -> NDArray[np.intp] | None:
        """(n,) where the test rows stand among `loans`; None where the table is not that of the training any more."""
        rows = self.test["row"].to_numpy()
        places = np.searchsorted(self.loans.rows, rows)
        inside = len(self.loans) == self.report["rows"] and bool((places < len(self.loans)).all())
        if not inside or not np.array_equal(self.loans.rows[places], rows):
            return None
        same = np.array_equal(self.loans.y[places], self.y)
        return places if same and self.loans.contract.names == self.model.contract.names else None

    @cached_property
    def floor(self) -> float:
        """The calibration error that a perfect model would show on the test rows by chance."""
        return calibration_floor(self.said(), groups=None if self.places is None else self.loans.groups[self.places])

    def study(self, name: str) -> dict[str, Any] | None:
        """What `loanbook study` kept of this use case; None where it was not run."""
        path = self.book.home / "reports" / f"study-{name}.json"
        if not path.exists():
            return None
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found if found.get("usecase") == self.usecase.name else None

    @cached_property
    def fitted(self) -> Callable[[str], tuple[Any, Sequence[str]]]:
        """`fitted(rung)`: that rung's estimator on every loan, as the training fits its candidate, and its columns."""
        setting = Setting(time=self.section.time, amount=self.section.amount, seed=_SEED, jobs=1)
        plan, x = fit_plan(self.loans, setting)

        def fit(name: str) -> tuple[Any, Sequence[str]]:
            rung = next(rung for rung in self.usecase.ladder if rung.name == name)
            return rung.make(_SEED, 1).fit(x, self.loans.y), plan.names

        return fit
