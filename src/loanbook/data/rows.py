"""Reading one application fast: the plain cells at once, every other one as the contract reads it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from loanbook.data.contract import Contract
from loanbook.data.fields import BooleanField, Breach, CategoryField, Field, NumberField

Read = Callable[[object], float]

_REMEMBERED = 10_000  # texts of one field: its levels, and as many others (towns, days) as fit
_LONGEST = 64  # characters of a text that is remembered
_LARGEST = 1e30  # of a number, as NumberField has it


class RowReader:
    """Reads applications into codes, number for number as `Contract.code_row` does.

    A number within its limits is itself, a text that came before is what it was then; the fields are asked about
    everything else, and the contract as a whole where anything is wrong. One object a thread.

    Parameters
    ----------
    contract : what an application must keep.

    >>> import polars as pl
    >>> from loanbook.data.inference import ColumnType
    >>> table = pl.DataFrame({"amount": [1000, 2500, 4000], "state": ["CA", "NY", "CA"]})
    >>> contract = Contract.learn(table, {"amount": ColumnType("integer"), "state": ColumnType("category")})
    >>> RowReader(contract).codes({"amount": 1200, "state": "TX"})
    [1200.0, -1.0]
    """

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self._names = frozenset((*contract.names, *contract.known))
        self._fields = tuple((field.name, _reader(field)) for field in contract.fields)

    def codes(self, row: Mapping[str, object]) -> list[float]:
        """One number for each field of the contract, NaN where it is missing.

        Raises
        ------
        RowRefused : names every wrong field, and every field that the contract does not know.
        """
        if row.keys() <= self._names:
            get = row.get
            try:
                return [read(get(name)) for name, read in self._fields]
            except Breach:
                pass  # the contract names this field and all the others that are wrong
        found: list[float] = self.contract.code_row(row).tolist()
        return found


def _reader(field: Field) -> Read:
    return _number(field) if isinstance(field, NumberField) else _remembered(field)


def _number(field: NumberField) -> Read:
    low, high, code = max(field.low, -_LARGEST), min(field.high, _LARGEST), field.code

    def read(value: object) -> float:
        kind = type(value)
        if (kind is float or kind is int) and low <= value <= high:  # type: ignore[operator]
            return float(value)  # type: ignore[arg-type]
        return code(value)

    return read


def _remembered(field: Field) -> Read:
    """Texts and truths mean the same every time: what is a believable day today is one tomorrow."""
    known: dict[object, float] = {}
    code = field.code
    for word in _words(field):
        try:
            known[word] = code(word)
        except Breach:
            continue
    most = len(known) + _REMEMBERED
    kinds = (str, bool) if isinstance(field, BooleanField) else (str,)

    def read(value: object) -> float:
        if type(value) not in kinds:  # 1 and True are equal, and not the same
            return code(value)
        found = known.get(value)
        if found is None:
            found = code(value)
            if len(known) < most and len(value) <= _LONGEST:  # type: ignore[arg-type]
                known[value] = found
        return found

    return read


def _words(field: Field) -> tuple[object, ...]:
    """What is known of a field beforehand."""
    if isinstance(field, CategoryField):
        return field.levels[:_REMEMBERED]
    return (True, False) if isinstance(field, BooleanField) else ()
