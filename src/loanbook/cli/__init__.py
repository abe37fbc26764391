"""The command line: `loanbook …`. One module a command, imported only when that command runs."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Annotated

import typer
from typer.main import get_command

from loanbook.cli.commands import SETTINGS, LazyGroup
from loanbook.cli.faults import explain, hang_up
from loanbook.cli.options import help_alone

app = typer.Typer(
    name="loanbook",
    cls=LazyGroup,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    invoke_without_command=True,
    context_settings=SETTINGS,
    epilog="Each command has an example: loanbook COMMAND --help",
)


@app.callback()
def loanbook(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    """From a lender's table of loans to a decision service that is benchmarked, explained and logged."""
    if version:
        import loanbook as package

        typer.echo(f"loanbook {package.__version__}")
        raise typer.Exit
    help_alone(context)


def main(words: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    words : the arguments behind `loanbook`; those of the process when None.

    Returns
    -------
    0 done, 1 a "no" that was asked about, 2 wrong use or bad input; a command returns its own (None is 0).
    """
    words = list(sys.argv[1:] if words is None else words)
    try:
        answer = get_command(app).main(words, prog_name="loanbook", standalone_mode=False)
        sys.stdout.flush()
    except BaseException as error:  # noqa: BLE001 every way to fail ends in one paragraph and an exit code
        return explain(error, json="--json" in words)
    return hang_up(answer) if answer == 130 else answer if isinstance(answer, int) else 0
