"""The page to read first: the life of a model, from a lender's table to a decision.

A use case says what is peculiar to its question (see `UseCase`); all of this page is written once for all of them.

    load        the table that the book names                                 data/sources
    check       the data contract, learned and enforced                       data/contract, data/loans
    split       train, calibrate, test, in the order of time                  data/splits
    benchmark   every rung of the ladder, floor first                         evaluation/benchmark
    choose      the simplest rung that is not clearly worse than the best     evaluation/selection
    fit         that rung on every labelled row, calibrated out of fold       models/training
    register    as challenger, or as champion when there is none              registry/versions
    answer      one application, or a stream of them                          decisions/answering
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from loanbook.book import Book, Section
from loanbook.data import sources, twins
from loanbook.data.inference import ColumnType, infer_table
from loanbook.data.leakage import Suspect, known_later
from loanbook.data.loans import Loans
from loanbook.data.splits import Split
from loanbook.decisions.answering import Answerer
from loanbook.errors import BookError, RegistryError, TrainingError
from loanbook.evaluation.benchmark import STEPS, Progress, Result, benchmark, missing, quiet
from loanbook.evaluation.card import make_card
from loanbook.evaluation.record import test_record
from loanbook.evaluation.selection import Choice, choose
from loanbook.evaluation.tasks import Task
from loanbook.evaluation.tuning.bench import TUNING, rung_of, unfinished
from loanbook.evaluation.tuning.ladder import Tuner
from loanbook.files import write_whole
from loanbook.models.training import FOLDS, Floats, Rung, Setting, fit_model
from loanbook.registry.versions import Registry, Version


class UseCase(Protocol):
    """What is peculiar to one lending question."""

    @property
    def name(self) -> str:
        """As in the book, on the command line and in the API."""

    @property
    def question(self) -> str:
        """What it answers, as a person would ask it."""

    @property
    def ladder(self) -> Sequence[Rung]:
        """The models to compare, floor first."""

    @property
    def floor(self) -> Sequence[str]:
        """The rungs that no figure stands without."""

    @property
    def task(self) -> Task:
        """What is measured, and how a margin becomes an answer."""

    def doubts(self, found: list[Suspect]) -> list[Suspect]:
        """Keep those suspects that the question gives reason to doubt."""

    def outcomes(self, table: pl.DataFrame, section: Section, types: dict[str, ColumnType]) -> Floats:
        """What became of each row, (n,): 1 or 0, NaN where it is not known yet."""

    def learn(self, table: pl.DataFrame, section: Section, types: dict[str, ColumnType]) -> Loans:
        """Read a table into labelled rows that keep their contract."""

    def split(self, loans: Loans, seed: int) -> Split:
        """Part the rows into training, calibration and test."""

    def profit(self, section: Section, test: Loans, predictions: Floats) -> float | None:
        """What the lender would have earned on these rows with these answers, if the question has to do with that."""

    def worth(self, section: Section, test: Loans, results: Sequence[Result], chosen: Result) -> dict[str, Any]:
        """Say what the chosen rung is worth to the lender, as plain JSON with a `sentence`."""

    def open(self, book: Book, registry: Registry, version: Version) -> Answerer:
        """Load a registered version, ready to answer."""


@dataclass(frozen=True)
class Run:
    """What one training found, and where it is kept.

    book, usecase : whose it is.
    version : the registered candidate; its `role` says whether it decides already.
    results : the benchmark, one result a rung. choice : which rung became the candidate, and why.
    card : what is known of the candidate. warnings : what the lender should look at before trusting it.
    """

    book: Book
    usecase: UseCase
    version: Version
    results: tuple[Result, ...]
    choice: Choice
    card: dict[str, Any]
    warnings: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<Run of {self.usecase.name}: version {self.version.version}, {self.card['title']}>"

    @property
    def leaderboard(self) -> list[dict[str, Any]]:
        """The benchmark as plain rows."""
        return [result.to_json() for result in self.results]

    def report(self) -> dict[str, Any]:
        """All of it as plain JSON: the card, with the times that a card leaves out."""
        return {**self.card, "version": self.version.version, "role": self.version.role, "ladder": self.leaderboard}

    @cached_property
    def champion(self) -> Any:
        """The model that decides after this training."""
        return champion(self.book, self.usecase)


def train(
    book: Book,
    usecase: UseCase,
    *,
    only: Sequence[str] = (),
    full: bool = False,
    budget: float | None = None,
    jobs: int = 0,
    seed: int = 0,
    progress: Progress = quiet,
) -> Run:
    """Benchmark a use case's ladder on the book's table and register the candidate.

    Parameters
    ----------
    book : what the lender declared.
    usecase : the question.
    only : names of rungs to choose from; all by default. The floor is measured beside them in any case.
    full : measure every rung of the ladder, not only the usual ones.
    budget : seconds for the benchmark, and for tuning the rungs that can be tuned with what is left of them.
    jobs : threads; all cores by default.
    seed : of everything that is drawn; the same seed and data give the same candidate.
    progress : told what is being done, and how far it is.

    Raises
    ------
    LoanbookError : the book, the table or the labels do not allow it.
    """
    section = book.section(usecase.name)
    ladder, left_out = _rungs(usecase, only, full=full)
    setting = Setting(time=section.time, amount=section.amount, seed=seed, jobs=jobs or _cores())

    table, types = load(book, section)
    loans = usecase.learn(table, section, types)
    late = suspects(usecase, table, section, types)
    parts = usecase.split(loans, seed)

    tuner = None if budget is None else Tuner(book.home / "tuning", setting)
    steps = _Steps(progress, len(ladder), tuning=TUNING if tuner else 0)
    results = benchmark(
        ladder,
        loans,
        parts,
        setting,
        usecase.task,
        floor=usecase.floor,
        left_out=left_out,
        budget=budget,
        tuner=tuner,
        progress=steps.measured,
    )
    test = loans.take(parts.test)
    results = _with_profit(results, usecase, section, test)
    choice = choose([result for result in results if not only or (result.tuned_from or result.name) in only])
    chosen = next(result for result in results if result.name == choice.name)
    worth = usecase.worth(section, test, results, chosen)
    doubts = usecase.task.doubts(chosen.test[chosen.headline].value)
    warnings = (*_warnings(loans, late), *doubts, *unfinished(results))
    about = {"usecase": usecase.name, "question": usecase.question, **usecase.task.facts(loans)}
    card = make_card(about, loans, parts, results, choice, worth=worth, warnings=warnings)

    rung = rung_of(chosen, ladder)
    model = fit_model(
        rung,
        loans,
        setting,
        usecase=usecase.name,
        card=card,
        members=_members(rung, ladder, results),
        finish=usecase.task.finish,
        progress=steps.fitted,
    )
    with closing(Registry(book)) as registry:
        version = registry.register(usecase.name, model)
    run = Run(book, usecase, version, results, choice, card, warnings)
    write_whole(_test_path(book, usecase), test_record(test, results))
    write_whole(_report_path(book, usecase), json.dumps(run.report(), indent=1).encode())
    return run


def load(book: Book, section: Section) -> tuple[pl.DataFrame, dict[str, ColumnType]]:
    """Read the table a section names, and find out what each column is.

    Raises
    ------
    LoanbookError : the table cannot be read, lacks a column of the book, or has one that cannot play its part.
    """
    table = sources.read(section.data)
    book.check_columns(section, table.columns)
    types = infer_table(table, section.types)
    section.check_kinds({name: found.kind for name, found in types.items() if table[name].count()})
    return table, types


def suspects(usecase: UseCase, table: pl.DataFrame, section: Section, types: dict[str, ColumnType]) -> list[Suspect]:
    """Columns that a model would see and that look as if they were known only after the decision."""
    return usecase.doubts(known_later(table, section, types, usecase.outcomes(table, section, types)))


def champion(book: Book, usecase: UseCase) -> Answerer:
    """Load the model that decides.

    Raises
    ------
    RegistryError : nothing was trained yet, or the artefact is not what was written.
    """
    with closing(Registry(book)) as registry:
        found = registry.champion(usecase.name)
    if found is None:
        todo = f"run `loanbook train {usecase.name}` first"
        raise RegistryError(f"the use case {usecase.name!r} has no champion yet", todo=todo)
    return decider(book, usecase, found.version)


def decider(book: Book, usecase: UseCase, version: int) -> Answerer:
    """Load one version, whatever its role, as the book would use it today."""
    with closing(Registry(book)) as registry:
        return usecase.open(book, registry, registry.version(usecase.name, version))


@dataclass(frozen=True, slots=True)
class Predicted:
    """How a batch went: rows scored, and of those the rows that broke the contract and have no prediction."""

    rows: int
    refused: int


def predict(
    book: Book,
    usecase: UseCase,
    table: str | Path,
    output: str | Path,
    *,
    version: int | None = None,
    reasons: bool = False,
    progress: Progress = quiet,
) -> Predicted:
    """Score a file row by row in its order; the file may exceed the memory.

    Parameters
    ----------
    table : CSV or Parquet, or a glob of them.
    output : CSV or Parquet by its suffix; written whole or not at all.
    version : which model; the champion by default.
    reasons : add the principal reasons.

    Raises
    ------
    LoanbookError : the table cannot be read or lacks a column, the output cannot be written or is the table itself.
    """
    sources.check_output(output)
    sources.require_apart(output, table)
    scorer = champion(book, usecase) if version is None else decider(book, usecase, version)
    total, done, refused = sources.count(table), 0, 0

    def scored() -> Iterator[pl.DataFrame]:
        nonlocal done, refused
        for batch in sources.batches(table):
            made = scorer.decide_table(batch, reasons=reasons)
            done, refused = done + made.height, refused + made.height - made["error"].null_count()
            progress("scoring", done, total)
            yield made

    sources.write_batches(output, scored())
    return Predicted(done, refused)


def last_report(book: Book, usecase: UseCase) -> dict[str, Any]:
    """Return the benchmark of the last training.

    Raises
    ------
    RegistryError : nothing was trained yet.
    """
    path = _report_path(book, usecase)
    if not path.exists():
        todo = f"run `loanbook train {usecase.name}` first"
        raise RegistryError(f"there is no training of {usecase.name!r} to show", todo=todo)
    report: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return report


def last_test(book: Book, usecase: UseCase) -> pl.DataFrame:
    """Return what every rung of the last training said of the test rows; see `evaluation/record.py`.

    Raises
    ------
    RegistryError : nothing was trained yet.
    """
    last_report(book, usecase)
    return pl.read_parquet(_test_path(book, usecase))


def _rungs(usecase: UseCase, only: Sequence[str], *, full: bool) -> tuple[list[Rung], dict[str, str]]:
    """The rungs to list, and why some of them are not to be measured.

    Whoever names a blend wants the best of it: all of its members are measured too, also those of the full ladder.
    """
    names = [rung.name for rung in usecase.ladder]
    if unknown := [name for name in only if name not in names]:
        raise BookError(
            f"the ladder of {usecase.name!r} has no rung {unknown[0]!r}",
            todo=f"choose among {', '.join(names)}",
        )
    if not only:
        why = f"not of the usual ladder; `loanbook train {usecase.name} --full` measures it"
        return list(usecase.ladder), {rung.name: why for rung in usecase.ladder if not (full or rung.standard)}
    absent = {rung.name: why for rung in usecase.ladder if rung.name in only and (why := missing(rung))}
    if len(absent) == len(set(only)):
        raise TrainingError(f"{only[0]} is {absent[only[0]]}")
    wanted = {*usecase.floor, *only}
    for rung in usecase.ladder:
        if rung.name in only:
            wanted.update(rung.members)
    return [rung for rung in usecase.ladder if rung.name in wanted], {}


def _with_profit(results: Sequence[Result], usecase: UseCase, section: Section, test: Loans) -> tuple[Result, ...]:
    return tuple(
        result if result.skipped else replace(result, profit=usecase.profit(section, test, result.predictions))
        for result in results
    )


def _members(rung: Rung, ladder: Sequence[Rung], results: Sequence[Result]) -> list[Rung]:
    """The rungs that a blend was made of in the benchmark; none for any other rung."""
    measured = {result.name for result in results if not result.skipped}
    return [one for one in ladder if one.name in rung.members and one.name in measured]


def _warnings(loans: Loans, late: Sequence[Suspect]) -> tuple[str, ...]:
    """Name columns that look as if they were known only later, rows that were set aside, rows that are near-copies."""
    aside = [f"{count:,} row{'s' * (count != 1)} set aside: {why}" for why, count in loans.set_aside.items()]
    doubtful = [f"{one.column} may be known only later: {one.evidence}" for one in late]
    return (*aside, *twins.said(loans.copies), *doubtful)


def _report_path(book: Book, usecase: UseCase) -> Path:
    return book.home / "reports" / f"{usecase.name}.json"


def _test_path(book: Book, usecase: UseCase) -> Path:
    return book.home / "reports" / f"{usecase.name}-test.parquet"


@dataclass(frozen=True, slots=True)
class _Steps:
    """Progress over the benchmark and, behind it, the fit on every loan."""

    tell: Progress
    rungs: int
    tuning: int = 0

    @property
    def total(self) -> int:
        return self.rungs * STEPS + self.tuning + FOLDS + 1

    def measured(self, what: str, done: int, _: int) -> None:
        self.tell(what, done, self.total)

    def fitted(self, done: int) -> None:
        self.tell("Fitting on every loan", self.total - FOLDS - 1 + done, self.total)


def _cores() -> int:
    import os

    return os.cpu_count() or 1
