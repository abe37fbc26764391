"""Which commands there are, and how one is found without importing the others."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_command

# Name → its line in `loanbook --help`. The command is `command` in `loanbook.cli.NAME`: a function, or a
# typer app of its own when it has subcommands.
COMMANDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "demo": "Train on bundled real loans, show what it is worth, and serve.",
        "init": "Write a commented book (loanbook.toml) for a table of loans.",
        "check": "Check the data; one line per failure.",
        "explore": "Write a profile of the data, with plots: one HTML file.",
        "train": "Benchmark the ladder of models and register the one to use.",
        "leaderboard": "Show the benchmark of the last training, floor included.",
        "study": "Measure what data preparation, remedies and more loans buy.",
        "predict": "Score a file of applications, CSV or Parquet, of any size.",
        "report": "Write the model card of the last training: one HTML file.",
        "models": "List, promote, roll back and show registered models.",
        "serve": "Answer applications over HTTP, with a dashboard.",
        "keys": "Make, list and revoke API keys of the service.",
        "decisions": "Export the log of decisions.",
        "outcomes": "Import what became of decided loans.",
        "audit": "Recompute every logged decision and compare.",
    }
)

# For every command; help is as wide as the terminal, so that examples stay on one line.
SETTINGS: Final[dict[str, Any]] = {"help_option_names": ["-h", "--help"], "max_content_width": 120}


class LazyGroup(TyperGroup):
    """The commands of `COMMANDS`, each imported when it is called."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 typer passes it
        """Name the commands in the order of work."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """Import one command; None when there is no such."""
        if cmd_name not in COMMANDS:
            return None
        return _build(cmd_name, import_module(f"loanbook.cli.{cmd_name}").command)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Let a mistyped name be compared with all names."""
        names: Any = dict.fromkeys(COMMANDS)  # nobody reads more than the names
        self.commands = names
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """Write the list of commands from the table, importing none."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


def _build(name: str, command: Any) -> Any:
    if isinstance(command, typer.Typer):
        return get_command(command)
    alone = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    alone.command(name, context_settings=SETTINGS)(command)
    return get_command(alone)
