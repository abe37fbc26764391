"""What every rung of a ladder must keep, discovered from the ladder itself.

Each `check_…` function below takes a rung and raises AssertionError with a sentence when the promise is broken.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from loanbook.errors import TrainingError
from loanbook.models.amount.base import AmountRegressor
from loanbook.models.risk import LADDER, Rung
from loanbook.models.scoring import scorer_from_arrays, sigmoid
from loanbook.models.scoring.amounts import to_amount
from loanbook.testing.examples import Example, example

Check = Callable[[Rung], None]


class RungSuite:
    """A pytest class that holds every rung to every check; subclass it under a name that starts with Test.

    Attributes
    ----------
    rungs : the rungs to hold to the contract; the whole ladder of `risk` unless a subclass says otherwise.

    >>> class TestMyRung(RungSuite):
    ...     rungs = (LADDER[0],)
    """

    rungs: ClassVar[Sequence[Rung]] = LADDER

    def pytest_generate_tests(self, metafunc: Any) -> None:
        """Ask pytest for one test for each rung and check."""
        pairs = [(rung, check) for rung in self.rungs for check in checks_of(rung)]
        names = [f"{rung.name}-{_name(check)}" for rung, check in pairs]
        metafunc.parametrize(("rung", "check"), pairs, ids=names)

    def test_contract(self, rung: Rung, check: Check) -> None:
        """One rung keeps one promise, and warns of nothing while it does."""
        _run(rung, check)


def check_rung(rung: Rung) -> Iterator[tuple[str, Callable[[], None]]]:
    """Every check of a rung by name, to run without pytest.

    >>> for name, run in check_rung(LADDER[0]):
    ...     run()
    """
    for check in checks_of(rung):
        yield _name(check), lambda check=check: _run(rung, check)  # type: ignore[misc]


def checks_of(rung: Rung) -> tuple[Check, ...]:
    """The promises of a rung: those of all, and those of its kind."""
    return (*CHECKS, *(OF_AMOUNTS if _says_amounts(rung) else OF_PROBABILITIES))


def _run(rung: Rung, check: Check) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        check(rung)


def check_title(rung: Rung) -> None:
    """The ladder and the class say the same about the rung."""
    made = rung.make(0, 1)
    _must(made.title == rung.title, f"the ladder calls it {rung.title!r}, its class {made.title!r}")
    _must(made.interpretability == rung.interpretability, "ladder and class differ in interpretability")


def check_fit(rung: Rung) -> None:
    """Fit returns the estimator, which then knows its columns."""
    made, rows = rung.make(0, 1), example()
    _must(made.fit(rows.x, _y(rung, rows)) is made, "fit must return self")
    _must(made.n_features_in_ == rows.x.shape[1], "n_features_in_ must be the number of columns")


def check_probabilities(rung: Rung) -> None:
    """Probabilities are (n, 2), inside (0, 1), and add up to 1; the classes are those of the target."""
    classes = _fitted(rung).classes_.tolist()
    _must(classes == [0.0, 1.0], f"classes_ must be [0, 1], not {classes}")
    found = _fitted(rung).predict_proba(example(200, seed=1).x)
    _must(found.shape == (200, 2), f"predict_proba must give (200, 2), not {found.shape}")
    _must(bool((found > 0).all() and (found < 1).all()), "probabilities must lie inside (0, 1)")
    _must(np.array_equal(found[:, 0], 1.0 - found[:, 1]), "the two probabilities must add up to 1")


def check_order(rung: Rung) -> None:
    """More is higher: bad rows, or those of large amounts, score no lower on average than the other training rows."""
    rows = example()
    margin, y = _fitted(rung).scorer_.margin(rows.x), _y(rung, rows)
    high = y > np.median(y) if _says_amounts(rung) else y == 1
    gap = margin[high].mean() - margin[~high].mean()
    _must(bool(gap > -1e-9), f"bad loans or large amounts score {-gap:.3f} lower than the others")


def check_served_as_measured(rung: Rung) -> None:
    """What the estimator predicts is what its scorer says, bit for bit."""
    made, x = _fitted(rung), example(200, seed=1).x
    margin = made.scorer_.margin(x)
    wanted = to_amount(margin) if _says_amounts(rung) else sigmoid(margin)
    _same(_said(made, x), wanted, "what is predicted and scorer_ differ")


def check_row_equals_batch(rung: Rung) -> None:
    """One row, a batch and a batch laid out by columns score equally, bit for bit."""
    scorer, x = _fitted(rung).scorer_, example(60, seed=2).x
    whole = scorer.margin(x)
    _same(np.concatenate([scorer.margin(row[None]) for row in x]), whole, "a row scores differently in a batch")
    _same(scorer.margin(np.asfortranarray(x)), whole, "the layout of the rows in memory changes the score")
    _must(scorer.margin(x[:0]).shape == (0,), "no rows must give no margins")


def check_contributions(rung: Rung) -> None:
    """Contributions have the shape of x and add up to the margin to 1e-9."""
    scorer, x = _fitted(rung).scorer_, example(40, seed=3).x
    found = scorer.contributions(x)
    _must(found.shape == x.shape, f"contributions must be {x.shape}, not {found.shape}")
    gap = float(np.abs(scorer.base + found.sum(axis=1) - scorer.margin(x)).max())
    _must(gap < 1e-9, f"contributions miss the margin by {gap:.2g}")


def check_round_trip(rung: Rung) -> None:
    """The scorer survives as plain arrays in an npz, bit for bit, without a pickle."""
    scorer, x = _fitted(rung).scorer_, example(200, seed=1).x
    file = io.BytesIO()
    np.savez(file, **scorer.to_arrays())
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        again = scorer_from_arrays(scorer.kind, dict(arrays))
    _same(again.margin(x), scorer.margin(x), "the scorer changes when it is written and read")
    _same(again.contributions(x[:20]), scorer.contributions(x[:20]), "contributions change when written and read")


def check_same_seed(rung: Rung) -> None:
    """The same seed gives the same scorer, whatever the number of threads."""
    rows, fresh = example(), example(200, seed=1).x
    again = rung.make(0, 2).fit(rows.x, _y(rung, rows))
    _same(again.scorer_.margin(fresh), _fitted(rung).scorer_.margin(fresh), "the same seed gives another model")


def check_input_kept(rung: Rung) -> None:
    """Neither fitting nor scoring writes into what it is given."""
    rows = example()
    x, y = rows.x.copy(), _y(rung, rows).copy()
    x.flags.writeable = y.flags.writeable = False
    made = rung.make(0, 1).fit(x, y)
    made.scorer_.contributions(x[:5])
    made.predict(x)
    _same(x, rows.x, "the input was changed")


def check_missing(rung: Rung) -> None:
    """A row of which nothing is known, and a column that is never known, are scored."""
    made, width = _fitted(rung), example().x.shape[1]
    _must(bool(np.isfinite(made.scorer_.margin(np.full((1, width), np.nan))).all()), "an empty row has no score")
    rows = example()
    x = rows.x.copy()
    x[:, 0] = np.nan
    found = rung.make(0, 1).fit(x, _y(rung, rows)).scorer_.margin(rows.x)
    _must(bool(np.isfinite(found).all()), "a column that training never saw filled breaks the score")


def check_infinity(rung: Rung) -> None:
    """Infinity is refused in training and in prediction."""
    rows = example()
    x = rows.x.copy()
    x[3, 0] = np.inf
    _raises(ValueError, lambda: rung.make(0, 1).fit(x, _y(rung, rows)), "infinity in training")
    _raises(ValueError, lambda: _fitted(rung).predict(x), "infinity in prediction")


def check_extremes(rung: Rung) -> None:
    """Numbers far outside the training rows still give a finite score; absurd ones in training break nothing."""
    x = example(8).x
    x[:, 0], x[:, 1], x[:, 5] = 1e30, -1e30, 0.0
    _must(bool(np.isfinite(_fitted(rung).scorer_.margin(x)).all()), "an extreme value breaks the score")
    rows = example()
    rows.x[:9, 0], rows.x[:9, 5] = 1e300, -1e300
    found = rung.make(0, 1).fit(rows.x, _y(rung, rows)).scorer_.margin(x)
    _must(bool(np.isfinite(found).all()), "an absurd value in training breaks the score")


def check_constant_column(rung: Rung) -> None:
    """A column that never changes contributes nothing."""
    rows = example(20)
    found = _fitted(rung).scorer_.contributions(rows.x)[:, rows.names.index("constant")]
    _must(not found.any(), "a constant column contributes")


def check_nothing_to_learn(rung: Rung) -> None:
    """Constant columns alone give everybody about the base rate."""
    y = np.tile([0.0, 0.0, 0.0, 1.0], 25)
    found = rung.make(0, 1).fit(np.ones((100, 3)), y).predict_proba(np.ones((1, 3)))[0, 1]
    _must(abs(found - 0.25) < 0.03, f"without information the base rate is 25%, not {found:.1%}")


def check_one_class(rung: Rung) -> None:
    """A target with one outcome is refused with a TrainingError."""
    rows = example(30)
    _raises(TrainingError, lambda: rung.make(0, 1).fit(rows.x, np.zeros(30)), "a target without a bad loan")
    _raises(TrainingError, lambda: rung.make(0, 1).fit(rows.x, np.ones(30)), "a target without a good loan")


def check_few_rows(rung: Rung) -> None:
    """Thirty rows are enough to fit; so are three with a single bad loan."""
    for count in (30, 3):
        rows = example(count)
        found = _said(rung.make(0, 1).fit(rows.x, _y(rung, rows)), example(50, seed=1).x)
        inside = np.isfinite(found) if _says_amounts(rung) else (found > 0) & (found < 1)
        _must(bool(inside.all()), f"{count} rows give no probabilities inside (0, 1), or no amounts")


def check_integers(rung: Rung) -> None:
    """Whole numbers may come as integers."""
    rows = example()
    x = np.nan_to_num(np.round(rows.x)).astype(np.int64)
    y = np.round(_y(rung, rows))
    found = _said(rung.make(0, 1).fit(x, y.astype(np.int64)), x)
    other = _said(rung.make(0, 1).fit(x.astype(np.float64), y), x.astype(np.float64))
    _same(found, other, "integers score differently from the same floats")


def check_weights(rung: Rung) -> None:
    """Rows of weight 0 are as good as absent."""
    rows, fresh = example(), example(100, seed=1).x
    kept = np.arange(len(rows.y)) % 3 > 0
    y = _y(rung, rows)
    weighed = rung.make(0, 1).fit(rows.x, y, sample_weight=kept.astype(np.float64))
    without = rung.make(0, 1).fit(rows.x[kept], y[kept])
    _same(_said(weighed, fresh), _said(without, fresh), "a row of weight 0 has a say")


def check_description(rung: Rung) -> None:
    """The description calls the columns that were used by the names it is given, and wants one for each."""
    rows = example()
    made = _fitted(rung)
    used = np.atleast_1d(made.scorer_.contributions(rows.x[:50]).any(axis=0))
    text = made.describe(rows.names)
    _must(bool(text), "the description is empty")
    if used.any():
        called = any(name in text for name, counts in zip(rows.names, used, strict=True) if counts)
        _must(called, f"no column that was used is in: {text}")
        _raises(ValueError, lambda: made.describe(rows.names[:-1]), "a name too few")


def check_usual_amount(rung: Rung) -> None:
    """Constant columns alone give everybody about the usual amount."""
    y = np.tile([100.0, 200.0, 200.0, 300.0], 25)
    found = float(rung.make(0, 1).fit(np.ones((100, 3)), y).predict(np.ones((1, 3)))[0])
    _must(150.0 < found < 250.0, f"without information the usual amount is 200, not {found:.0f}")


def check_signs(rung: Rung) -> None:
    """Amounts may be zero or below."""
    rows = example()
    found = rung.make(0, 1).fit(rows.x, rows.taken - np.median(rows.taken)).predict(rows.x)
    _must(bool(np.isfinite(found).all()), "amounts below zero give no answer")


CHECKS: tuple[Check, ...] = (
    check_title,
    check_fit,
    check_order,
    check_served_as_measured,
    check_row_equals_batch,
    check_contributions,
    check_round_trip,
    check_same_seed,
    check_input_kept,
    check_missing,
    check_infinity,
    check_extremes,
    check_constant_column,
    check_few_rows,
    check_integers,
    check_weights,
    check_description,
)
"""What every rung promises, in the order of reading."""

OF_PROBABILITIES: tuple[Check, ...] = (check_probabilities, check_nothing_to_learn, check_one_class)
"""What a rung that says probabilities promises beside."""

OF_AMOUNTS: tuple[Check, ...] = (check_usual_amount, check_signs)
"""What a rung that says amounts promises beside."""


@lru_cache(maxsize=32)
def _fitted(rung: Rung) -> Any:
    """The rung fitted to the usual example, once for all checks that only look."""
    rows = example()
    return rung.make(0, 1).fit(rows.x, _y(rung, rows))


def _says_amounts(rung: Rung) -> bool:
    return isinstance(rung.make(0, 1), AmountRegressor)


def _y(rung: Rung, rows: Example) -> NDArray[np.float64]:
    return rows.taken if _says_amounts(rung) else rows.y


def _said(made: Any, x: NDArray[Any]) -> NDArray[np.float64]:
    """Amounts, or probabilities of bad."""
    found = made.predict(x) if isinstance(made, AmountRegressor) else made.predict_proba(x)[:, 1]
    return np.asarray(found)


def _name(check: Check) -> str:
    return getattr(check, "__name__", repr(check)).removeprefix("check_")


def _must(holds: bool, otherwise: str) -> None:
    if not holds:
        raise AssertionError(otherwise)


def _same(found: NDArray[Any], expected: NDArray[Any], otherwise: str) -> None:
    if not np.array_equal(found, expected, equal_nan=True):
        gap = np.nanmax(np.abs(found - expected)) if found.shape == expected.shape else np.nan
        raise AssertionError(f"{otherwise} (by up to {gap:.2g})")


def _raises(error: type[Exception], call: Callable[[], object], what: str) -> None:
    try:
        call()
    except error:
        return
    raise AssertionError(f"{what} must raise {error.__name__}")
