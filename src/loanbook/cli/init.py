"""`loanbook init`: from a table to a commented book."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from loanbook.cli.options import Json
from loanbook.cli.output import emit, progress, say
from loanbook.errors import LoanbookError

if TYPE_CHECKING:
    import polars as pl

    from loanbook.cli.drafting.page import Head
    from loanbook.cli.drafting.plan import Plan

_READY = ("risk", "amount")


def command(
    words: Annotated[list[str], typer.Argument(metavar="DATA", show_default=False, help="CSV, Parquet, or a glob.")],
    *,
    target: Annotated[str, typer.Option(metavar="COL", help="What became of the loan, or the amount.")],
    bad: Annotated[list[str] | None, typer.Option(metavar="VALUE", help="A value of a bad loan; may repeat.")] = None,
    time: Annotated[str | None, typer.Option(metavar="COL", help="The day of the decision.")] = None,
    id: Annotated[str | None, typer.Option(metavar="COL", help="What tells one loan from the next.")] = None,
    amount: Annotated[str | None, typer.Option(metavar="COL", help="The exposure.")] = None,
    usecase: Annotated[str, typer.Option(metavar="NAME", help="The question to ask: risk or amount.")] = "risk",
    output: Annotated[Path, typer.Option("-o", "--output", "--book", metavar="PATH", help="Where to write.")] = Path(
        "loanbook.toml"
    ),
    force: Annotated[bool, typer.Option("--force", help="Replace a book that is already there.")] = False,
    json: Json = False,
) -> None:
    """Read a table and write a commented book: types, roles, and columns known only after the decision.

    Example: loanbook init loans.csv --target status --bad charged_off --time approval_date
    """
    from loanbook.book import Book
    from loanbook.cli.drafting.page import write
    from loanbook.cli.drafting.plan import Wanted, draft_plan
    from loanbook.data.sources import read
    from loanbook.files import write_whole

    data, bads = _positionals(words, bad or [])
    _require_new(output, force=force)
    _require_ready(usecase)
    with progress(f"Reading {data}"):
        frame = read(data)
        plan = draft_plan(frame, Wanted(target, tuple(bads), id, time, amount), amounts=usecase == "amount")
    head = _head(data, output, usecase, frame)
    text = write(head, plan)
    Book.parse(text, output).check_columns(usecase, frame.columns)
    write_whole(output, text.encode())
    if json:
        emit(_to_json(head, plan, output))
    else:
        _tell(head, plan, output)


def _positionals(words: list[str], bad: list[str]) -> tuple[str, list[str]]:
    """Take DATA; words behind it are more bad values, so that `--bad late lost` does what it looks like."""
    data, *more = words
    if more and not bad:
        todo = "put a pattern such as 'loans_*.csv' in quotes, so that the shell leaves it alone"
        raise LoanbookError(f"{more[0]!r} is one word too many", where="init", todo=todo)
    return data, [*bad, *more]


def _require_new(output: Path, *, force: bool) -> None:
    if output.is_dir():
        raise LoanbookError("this is a folder", where=str(output), todo=f"name the file: -o {output / 'loanbook.toml'}")
    if output.exists() and not force:
        todo = "write another with -o PATH, or replace it with --force"
        raise LoanbookError("there is a book already", where=str(output), todo=todo)


def _require_ready(usecase: str) -> None:
    from loanbook.book import USECASES
    from loanbook.book.mistakes import nearest

    if usecase in _READY:
        return
    if usecase in USECASES:
        raise LoanbookError(
            f"this release cannot draft a book for {usecase!r} yet", todo=f"it can for {' and '.join(_READY)}"
        )
    raise LoanbookError(f"there is no use case {usecase!r}", todo=nearest(usecase, USECASES))


def _place(data: str, output: Path) -> str:
    """Write the path as the book, in its own folder, will understand it."""
    if data.startswith("sample:") or Path(data).expanduser().is_absolute():
        return data
    return Path(os.path.relpath(data, output.parent)).as_posix()


def _head(data: str, output: Path, usecase: str, frame: pl.DataFrame) -> Head:
    from loanbook.cli.drafting.page import Head
    from loanbook.data import sources

    stem = Path(data.removeprefix("sample:")).name.split(".")[0]
    notes = (f"{data}: {frame.height:,} rows, {frame.width} columns.", *sources.notes(data))
    return Head(re.sub(r"[^\w-]+", "_", stem).strip("_") or "loans", _place(data, output), usecase, notes)


def _to_json(head: Head, plan: Plan, output: Path) -> dict[str, object]:
    roles = {role: getattr(plan, role).column for role in ("id", "time", "outcome_time", "amount")}
    return {
        "book": str(output),
        "usecase": head.usecase,
        "target": plan.target,
        "bad": plan.outcome.bad if plan.outcome else (),
        **roles,
        "ignore": [{"column": one.column, "kind": one.kind, "evidence": one.evidence} for one in plan.suspects],
        "protected": plan.protected,
        "types": {one.column: str(one.type) for one in plan.declared}
        | {name: str(kind) for name, kind in plan.plain.items()},
        "notes": head.notes,
    }


def _tell(head: Head, plan: Plan, output: Path) -> None:
    say(f"Wrote {output}, a book for {head.notes[0]}")
    for note in head.notes[1:]:
        say(f"  {note}")
    outcome = f"bad: {', '.join(plan.outcome.bad)} ({plan.outcome.why})" if plan.outcome else "the amount to learn"
    say(f"  target        {plan.target}; {outcome}")
    for role in ("id", "time", "outcome_time", "amount"):
        guess = getattr(plan, role)
        say(f"  {role:<13} {guess.column or '-'} ({guess.why})")
    say(f"  protected     {', '.join(plan.protected) or '-'}")
    say(f"  ignore        {'' if plan.suspects else '- (nothing looks as if it were known only later)'}".rstrip())
    for suspect in plan.suspects:
        say(f"    {suspect}")
    behind = "" if head.usecase == "risk" else f" {head.usecase}"
    say(f"Read it, correct what is wrong, then run: loanbook check{behind} && loanbook train{behind}")
