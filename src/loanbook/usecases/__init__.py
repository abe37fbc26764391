"""The lending questions, one readable file each. To add one: write its file, add its line here."""

from __future__ import annotations

from difflib import get_close_matches

from loanbook.errors import BookError
from loanbook.lifecycle import UseCase
from loanbook.usecases.amount import Amount
from loanbook.usecases.risk import Risk

USECASES: tuple[UseCase, ...] = (Risk(), Amount())


def find(name: str) -> UseCase:
    """Find a use case by its name.

    Raises
    ------
    BookError : names the nearest one there is.

    >>> find("risk").question
    'Will this loan go bad?'
    """
    for usecase in USECASES:
        if usecase.name == name:
            return usecase
    known = [usecase.name for usecase in USECASES]
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"choose among {', '.join(known)}"
    raise BookError(f"there is no use case {name!r}", todo=hint)
