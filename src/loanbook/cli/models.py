"""`loanbook models`: which versions there are, and which of them decides."""

from __future__ import annotations

from contextlib import closing
from typing import Annotated, Any

import typer

from loanbook.cli.options import DEFAULT_BOOK, BookPath, Json, Words, split
from loanbook.cli.output import emit, say, table
from loanbook.errors import LoanbookError
from loanbook.registry.versions import Change, Registry, Version

ACTIONS = {"list": 0, "promote": 1, "rollback": 0, "show": 1}
"""What can be done, and how many version numbers it takes."""


def command(
    words: Annotated[Words, typer.Argument(metavar="[USECASE] ACTION", show_default=False)] = None,
    book: BookPath = DEFAULT_BOOK,
    why: Annotated[str, typer.Option("--why", help="The reason, kept beside the change.")] = "",
    json: Json = False,
) -> None:
    """List registered models, show one, promote one, or go back to the champion before.

    Example: loanbook models · loanbook models show 3 · loanbook models promote 3 --why "better on May's loans"
    · loanbook models rollback
    """
    from loanbook.book import Book

    usecase, action, number = _understood(words)
    found = Book.load(book)
    found.section(usecase)
    with closing(Registry(found)) as registry:
        if action == "show":
            _show(registry, usecase, number, json=json)
        elif action == "list":
            _list(registry, usecase, json=json)
        else:
            _change(registry, usecase, action, number, why=why, json=json)


def _understood(words: list[str] | None) -> tuple[str, str, int]:
    """Use case, action and version; the use case may stand before the action or behind it."""
    usecase, rest = split(words)
    action, *more = rest or ["list"]
    if action not in ACTIONS:
        raise LoanbookError(f"{action!r} is not something models can do", todo=f"choose among {', '.join(ACTIONS)}")
    if rest and words and words[0] == action:
        usecase, more = split(more)
    if len(more) != ACTIONS[action]:
        wants = "one version, as in `loanbook models promote 3`" if ACTIONS[action] else "no version"
        raise LoanbookError(f"{action} takes {wants}", where=f"models {action}")
    if not more:
        return usecase, action, 0
    if not (more[0].isascii() and more[0].isdigit()):
        raise LoanbookError(f"{more[0]!r} is not a version number", where=f"models {action}")
    return usecase, action, int(more[0])


def _list(registry: Registry, usecase: str, *, json: bool) -> None:
    versions = registry.versions(usecase)
    if json:
        emit({"usecase": usecase, "models": [_plain(one) for one in versions]})
        return
    if not versions:
        say(f"{usecase} has no version yet; `loanbook train {usecase}` makes the first.")
        return
    rows = [(one.version, one.role, one.rung, _headline(one), one.created_at[:19], one.digest[:12]) for one in versions]
    table([">version", "role", "model", ">headline", "registered (UTC)", "digest"], rows, spare=["digest"])


def _show(registry: Registry, usecase: str, number: int, *, json: bool) -> None:
    version = registry.version(usecase, number)
    card = registry.load(usecase, number).card
    history = [one for one in registry.history(usecase) if number in (one.from_version, one.to_version)]
    if json:
        known = {name: value for name, value in card.items() if name != "quantiles"}
        emit({**_plain(version), "card": known, "history": history})
        return
    say(f"{version}: {card.get('title') or version.rung}, {version.role or 'no role'}")
    say(f"registered {version.created_at}, digest {version.digest}")
    figures = [(name, *_figure(one)) for name, one in version.metrics.items()]
    if figures:
        say()
        table(["figure", ">value", ">90% from", ">to"], figures)
    say()
    table(["when (UTC)", "who", "what", "why"], [_line(one) for one in history])


def _change(registry: Registry, usecase: str, action: str, number: int, *, why: str, json: bool) -> None:
    before = registry.champion(usecase)
    now = registry.promote(usecase, number, why=why) if action == "promote" else registry.rollback(usecase, why=why)
    if json:
        emit({**_plain(now), "before": before.version if before else None})
        return
    if before is not None and before.version == now.version:
        say(f"{now} is the champion already.")
        return
    say(f"{now} decides now; before it, version {before.version if before else 'none'}.")
    say("A running service takes it up within a second.")


def _plain(version: Version) -> dict[str, Any]:
    names = ("usecase", "version", "role", "rung", "created_at", "digest", "metrics")
    return {**{name: getattr(version, name) for name in names}, "role": version.role or None}


def _headline(version: Version) -> str:
    """The first figure of its card, the one that rungs were compared by."""
    return next((f"{name.upper()} {_figure(figure)[0]}" for name, figure in version.metrics.items()), "")


def _figure(figure: Any) -> tuple[str, str, str]:
    numbers = [figure.get(name) if isinstance(figure, dict) else None for name in ("value", "low", "high")]
    value, low, high = (_shown(one) if isinstance(one, int | float) else "" for one in numbers)
    return value, low, high


def _shown(number: float) -> str:
    return f"{number:.4f}" if abs(number) < 10 else f"{number:,.0f}"


def _line(change: Change) -> tuple[str, str, str, str]:
    if change.to_version is None:
        what = f"{change.action}: version {change.from_version} is {change.role} no more"
    else:
        what = f"{change.action}: version {change.to_version} becomes {change.role}"
    return change.at[:19], change.who, what, change.why
