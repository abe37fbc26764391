"""`loanbook study`: what preparing the data buys, what helps against overfitting, what more loans would bring."""

from __future__ import annotations

import json as notation
from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any

import typer

from loanbook.cli.options import DEFAULT_BOOK, BookPath, Json, Words, split, too_many
from loanbook.cli.output import emit, follow, plain
from loanbook.cli.studies import SHOWN
from loanbook.errors import BookError, LoanbookError

if TYPE_CHECKING:
    from loanbook.book import Book

STUDIES = ("preparation", "remedies", "learning")
_USUAL = {"preparation": ("logistic", "xgboost", "network"), "learning": ("logistic", "xgboost")}


def command(
    words: Annotated[
        Words, typer.Argument(metavar="[USECASE] preparation|remedies|learning", show_default=False)
    ] = None,
    *,
    only: Annotated[
        list[str] | None, typer.Option("--only", metavar="NAME …", help="These rungs, or these remedies, alone.")
    ] = None,
    loans: Annotated[
        int | None, typer.Option(min=200, metavar="N", help="Study at most so many loans; more take longer.")
    ] = None,
    book: BookPath = DEFAULT_BOOK,
    json: Json = False,
) -> None:
    """Study the rows before the test rows; nothing is registered.

    preparation: what each treatment of the data bought, paired, against none. remedies: what each remedy for
    overfitting does to a model that learns by heart. learning: how many more loans for +0.005 AUC.

    Example: loanbook study preparation · loanbook study learning --only xgboost
    """
    from loanbook.book import Book

    usecase, name, names = _asked(words, only)
    found = studied(Book.load(book), usecase, name, only=names, most=loans)
    if json:
        emit(found)
    else:
        SHOWN[name](found)


def studied(
    book: Book, usecase: str, name: str, *, only: Sequence[str] = (), most: int | None = None
) -> dict[str, Any]:
    """Make one study with a progress bar, and keep it where the report finds it."""
    from loanbook.files import write_whole

    with follow(f"Studying {name}") as progress:
        limit = {} if most is None else {"most": most}
        made = _study(book, usecase, name, only, progress=progress, **limit)
    found: dict[str, Any] = plain({"study": name, "usecase": usecase, **made})
    write_whole(book.home / "reports" / f"study-{name}.json", notation.dumps(found, indent=1).encode())
    return found


def _asked(words: Words, only: Sequence[str] | None) -> tuple[str, str, list[str]]:
    """The use case, the study, and the names for --only, of which all but the first look like positionals."""
    usecase, rest = split(words)
    name = next((word for word in rest if word in STUDIES), None)
    if name is None:
        near = get_close_matches(rest[0], STUDIES, 1) if rest else []
        what = f"there is no study {rest[0]!r}" if rest else "STUDY is missing"
        raise LoanbookError(what, todo=f"did you mean {near[0]!r}?" if near else f"choose among {', '.join(STUDIES)}")
    rest.remove(name)
    if rest and not only:
        raise too_many(rest[0], first=rest[0])
    return usecase, name, [*(only or ()), *rest]


def _study(book: Book, usecase: str, name: str, only: Sequence[str], **options: Any) -> dict[str, Any]:
    from loanbook.lifecycle import load
    from loanbook.models.training import Setting
    from loanbook.usecases import find

    question = find(usecase)
    if question.task.headline.name != "auc":
        raise BookError(f"studies are about probabilities, and {usecase!r} learns none", todo="study risk")
    section = book.section(usecase)
    chosen = _chosen(question.ladder, name, only)
    table, types = load(book, section)
    rows = question.learn(table, section, types)
    setting = Setting(time=section.time, amount=section.amount)
    before = rows.take(question.split(rows, setting.seed).development)
    if name == "remedies":
        from loanbook.evaluation.study.remedies import study_remedies

        return study_remedies(before, setting, remedies=chosen, **options)
    if name == "learning":
        from loanbook.evaluation.study.learning import study_learning

        return study_learning(before, chosen, setting, **options)
    from loanbook.evaluation.study.preparation import study_preparation

    return study_preparation(before, chosen, setting, **options)


def _chosen(ladder: Sequence[Any], name: str, only: Sequence[str]) -> list[Any]:
    """The rungs, or for remedies the remedies, that are to be studied."""
    if name == "remedies":
        from loanbook.evaluation.study.remedies import REMEDIES

        known: Sequence[Any] = REMEDIES
        usual: Iterable[str] = [one.name for one in REMEDIES]
    else:
        known, usual = ladder, _USUAL[name]
    names = [one.name for one in known]
    if unknown := [one for one in only if one not in names]:
        raise LoanbookError(f"there is no {unknown[0]!r} to study", todo=f"choose among {', '.join(names)}")
    return [one for one in known if one.name in (only or usual)]
