"""`loanbook check`: hold a table against what the book and the model take it for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from loanbook.cli.options import DEFAULT_BOOK, BookPath, Json, Words, positionals
from loanbook.cli.output import emit, note, progress, say

if TYPE_CHECKING:
    import polars as pl

    from loanbook.book import Book, Section
    from loanbook.data.contract import Contract
    from loanbook.data.inference import ColumnType
    from loanbook.data.quality import Finding, Profile
    from loanbook.data.quality.finding import Severity


def command(
    words: Annotated[Words, typer.Argument(metavar="[USECASE]", show_default=False)] = None,
    data: Annotated[
        str | None,
        typer.Option("--data", metavar="FILE", help="Check this file against the contract, not the book's data."),
    ] = None,
    book: BookPath = DEFAULT_BOOK,
    json: Json = False,
) -> int:
    """Check a table: schema, types, ranges, categories, missing values, duplicates, dates, units, leakage.

    Without --data the book's own table is checked by itself; with it, FILE against the contract of the champion
    (or, before the first training, of the book's data) and against what that data look like as a whole.
    Exit code 1 when anything failed.

    Example: loanbook check · loanbook check --data new_applications.csv
    """
    from loanbook.book import Book

    usecase, _ = positionals(words)
    found = Book.load(book)
    section = found.section(usecase)
    with progress("Checking"):
        report = _check_own(found, section) if data is None else _check_file(found, section, data)
    if json:
        emit(_to_json(usecase, report))
    else:
        _tell(report)
    return 1 if report.failed else 0


@dataclass(frozen=True)
class Report:
    """What was checked, against what, and what was found."""

    table: str
    rows: int
    against: str
    notes: tuple[str, ...]
    findings: tuple[Finding, ...]

    @property
    def failed(self) -> bool:
        """Whether any finding is an error."""
        return any(finding.severity == "error" for finding in self.findings)


def _check_own(book: Book, section: Section) -> Report:
    from loanbook.data import quality, sources
    from loanbook.lifecycle import load

    table, types = load(book, section)
    contract = _learned(table, types, section)
    findings = [
        *quality.check(table, contract, id=section.id, time=section.time),
        *_target(table, section, types),
        *_leaks(table, section, types),
        *_copies(table, section, types),
        *_unread(section, types),
    ]
    said = sources.notes(section.data)
    return Report(_named(section), table.height, "itself", said, tuple(quality.ordered(findings)))


def _check_file(book: Book, section: Section, path: str) -> Report:
    from loanbook.data import quality, sources

    table = sources.read(path)
    contract, reference, against = _expected(book, section)
    findings = quality.check(table, contract, reference=reference, id=section.id, time=section.time)
    return Report(path, table.height, against, sources.notes(path), tuple(findings))


def _expected(book: Book, section: Section) -> tuple[Contract, Profile | None, str]:
    """What a table should be: by the champion's contract if there is one, by the book's data if not."""
    from loanbook.data.quality import Profile
    from loanbook.errors import LoanbookError
    from loanbook.lifecycle import load

    contract, against = _champion(book, section.usecase)
    try:
        own, types = load(book, section)
    except LoanbookError as error:
        if contract is None:
            raise
        note(f"The book's own data cannot be read, so the file is not compared with them as a whole. {error}")
        return contract, None, against
    if contract is None:
        contract, against = _learned(own, types, section), f"the book's data, {_named(section)}"
    return contract, Profile.learn(own, contract, id=section.id), against


def _champion(book: Book, usecase: str) -> tuple[Contract | None, str]:
    """Ask the registry, but do not make an empty one only to ask it."""
    if book.store.startswith("sqlite") and not book.home.exists():
        return None, ""
    from loanbook.registry.versions import Registry

    with closing(Registry(book)) as registry:
        version = registry.champion(usecase)
        if version is None:
            return None, ""
        model = registry.load(usecase, version.version)
    return model.contract, f"the contract of version {version.version}"


def _learned(table: pl.DataFrame, types: dict[str, ColumnType], section: Section) -> Contract:
    from loanbook.data.contract import Contract

    columns = [name for name in table.columns if name not in section.apart]
    return Contract.learn(table, types, columns=columns, id=section.id)


def _target(table: pl.DataFrame, section: Section, types: dict[str, ColumnType]) -> Iterator[Finding]:
    """Loans without an outcome, and outcomes that are all alike."""
    import numpy as np

    from loanbook.data.quality import Finding
    from loanbook.usecases import find

    bad = find(section.usecase).outcomes(table, section, types)
    unknown = int(np.isnan(bad).sum())
    if unknown:
        what, advice = "has no outcome yet", "nothing: these loans are left out of training"
        yield Finding("no_outcome", section.target, what, advice, "note", unknown)
    if len(np.unique(bad[~np.isnan(bad)])) < 2:
        what, advice = "all outcomes are alike: there is nothing to learn", "bring loans of both outcomes"
        yield Finding("one_class", section.target, what, advice)


def _leaks(table: pl.DataFrame, section: Section, types: dict[str, ColumnType]) -> Iterator[Finding]:
    """Columns that a model would see and that look as if they were known only after the decision."""
    from loanbook.data.quality import Finding
    from loanbook.lifecycle import suspects
    from loanbook.usecases import find

    for suspect in suspects(find(section.usecase), table, section, types):
        what = f"may be known only after the decision: {suspect.evidence}"
        advice = f"put it under ignore ({section.where('ignore')}) unless it is known when the loan is asked for"
        yield Finding("leakage", suspect.column, what, advice, "warning" if suspect.kind == "name" else "error")


def _copies(table: pl.DataFrame, section: Section, types: dict[str, ColumnType]) -> Iterator[Finding]:
    """Rows that are nearly the same application as another."""
    from loanbook.data.quality import Finding
    from loanbook.data.quality.finding import first_rows
    from loanbook.errors import LoanbookError
    from loanbook.usecases import find

    try:
        loans = find(section.usecase).learn(table, section, types)
    except LoanbookError:  # said by the checks before this one
        return
    if rows := loans.rows[loans.copies].tolist():
        what, advice = "these rows have a near-copy", "nothing: near-copies stay on one side of every split"
        yield Finding("near_copies", "", what, advice, "warning", len(rows), first_rows(rows))


def _unread(section: Section, types: dict[str, ColumnType]) -> Iterator[Finding]:
    """Columns of free text, which no model reads."""
    from loanbook.data.quality import Finding

    for name, found in types.items():
        if found.kind == "text" and name not in section.apart:
            advice = f"say in [{section.usecase}.types] what it holds if that is wrong"
            yield Finding("free_text", name, "looks like free text, which no model reads", advice, "note")


def _named(section: Section) -> str:
    return section.data.paths or "the query"


def _tell(report: Report) -> None:
    for line in report.notes:
        note(line)
    for finding in report.findings:
        mark = "" if finding.severity == "error" else f"{finding.severity}: "
        say(f"{mark}{finding}")
    counts = Counter(finding.severity for finding in report.findings)
    words: dict[Severity, str] = {"error": "failure", "warning": "warning", "note": "note"}
    parts = [
        f"{counts[key]} {word}{'s' * (counts[key] != 1)}"
        for key, word in words.items()
        if counts[key] or key == "error"
    ]
    say(f"{', '.join(parts)} in {report.rows:,} rows of {report.table}, held against {report.against}.")


def _to_json(usecase: str, report: Report) -> dict[str, object]:
    return {
        "usecase": usecase,
        "data": report.table,
        "rows": report.rows,
        "against": report.against,
        "ok": not report.failed,
        "notes": report.notes,
        "findings": [finding.to_json() for finding in report.findings],
    }
