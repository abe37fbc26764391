"""`loanbook audit`: are the logged decisions what the models and policies really say?"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING, Annotated, Any

import typer

from loanbook.cli.options import DEFAULT_BOOK, BookPath, Json, help_alone
from loanbook.cli.output import emit, progress, say

if TYPE_CHECKING:
    from loanbook.book import Book
    from loanbook.decisions.audit import Report
    from loanbook.registry.chain import Head

SHOWN = 20

command = typer.Typer(invoke_without_command=True, add_completion=False, rich_markup_mode=None)


@command.callback()
def audit(context: typer.Context) -> None:
    """Is the log true?

    Example: loanbook audit verify
    """
    help_alone(context)


@command.command("verify")
def verify(
    book: BookPath = DEFAULT_BOOK,
    head: Annotated[
        list[str] | None,
        typer.Option("--head", metavar="SEQ:LINK", help="A head noted earlier: the chain must still hold it."),
    ] = None,
    heads: Annotated[
        Path | None,
        typer.Option("--heads", metavar="FILE", help="Where heads are noted: read before, added to after."),
    ] = None,
    every: Annotated[
        float | None, typer.Option("--every", metavar="SECONDS", min=1, help="Again and again, until it differs.")
    ] = None,
    json: Json = False,
) -> int:
    """Follow the chain of records and make every decision again, bit for bit; exit code 1 when anything differs.

    Example: loanbook audit verify --head 4711:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    """
    from loanbook.book import Book
    from loanbook.registry.heads import note, noted_in
    from loanbook.registry.verification import noted

    said, found = [noted(one) for one in head or ()], Book.load(book)
    while True:
        report = _verified(found, [*said, *(noted_in(heads) if heads else ())])
        emit(_plain(report)) if json else _say(report)
        if not report.equal:
            return 1
        if heads:
            note(heads, report.chain.head)
        if every is None:
            return 0
        sys.stdout.flush()
        sleep(every)


def _verified(book: Book, heads: Sequence[Head]) -> Report:
    from loanbook.decisions.audit import verify as recompute

    with progress("Following the chain and deciding again") as step:
        seen = 0

        def tell(done: int, total: int) -> None:
            nonlocal seen
            step(f"{done:,} of {total:,}", by=done - seen)
            seen = done

        return recompute(book, heads=heads, progress=tell)


def _plain(report: Report) -> dict[str, Any]:
    chain = report.chain
    return {
        "checked": report.checked,
        "differing": report.differing,
        "erased": report.erased,
        "differences": report.differences,
        "chain": {
            "records": chain.records,
            "head": str(chain.head),
            "broken": chain.broken,
            "breaks": chain.breaks,
        },
    }


def _say(report: Report) -> None:
    chain = report.chain
    for broken in chain.breaks[:SHOWN]:
        say(str(broken))
    if chain.whole:
        say(f"{chain.records:,} records lie on the chain. Note its head elsewhere: {chain.head}")
    else:
        say(f"The chain is broken in {_times(chain.broken)}.")
    for one in report.differences[:SHOWN]:
        say(f"{one.decision_id} {one.column}: stored {one.stored}, recomputed {one.recomputed}")
    again = report.checked - report.erased
    if report.differing:
        say(f"{report.differing:,} of {report.checked:,} decisions differ from what their inputs give.")
    else:
        say(f"{again:,} decisions made again; all are equal, bit for bit.")
    if report.erased:
        say(f"{report.erased:,} cannot be made again: personal fields were erased. What is left was compared.")


def _times(count: int) -> str:
    return "one place" if count == 1 else f"{count:,} places"
