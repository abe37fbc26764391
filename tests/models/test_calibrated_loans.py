"""What calibration promises is kept: by drawn rows, where the truth is known, and by real loans held out."""

from types import SimpleNamespace

import numpy as np
import polars as pl
import pytest

from loanbook.book import Book
from loanbook.data import samples
from loanbook.data.inference import infer_table
from loanbook.data.loans import Loans
from loanbook.data.splits import folds
from loanbook.evaluation.floor import calibration_floor
from loanbook.evaluation.metrics import calibration_error
from loanbook.models.risk import LADDER
from loanbook.models.scoring import Calibration, sigmoid
from loanbook.models.training import Setting, fit_plan, fit_scorer


def drawn(rows, draw):
    """Margins of a model that is too sure of itself, and outcomes."""
    truth = draw.normal(-1.2, 1.3, rows)
    return 2.0 * truth + 0.5, (draw.random(rows) < sigmoid(truth)).astype(float)


def limits(fitted, margin):
    """Both probabilities of Venn-Abers, (n,) each, before they are stretched to hold the one that is shown."""
    group = np.searchsorted(fitted.cuts, fitted.log_odds(margin), side="right")
    return fitted.low[group], fitted.high[group]


def test_of_its_two_probabilities_venn_abers_has_one_that_is_calibrated():
    """The theorem (Vovk & Petej 2014): the one that was made with the outcome that came is right on average.

    Right among the loans for which it is low, middling or high, and on average over calibrations on only 80 loans.
    """
    draw = np.random.default_rng(0)
    surplus = []
    for _ in range(120):
        fitted = Calibration.fit(*drawn(80, draw))
        margin, bad = drawn(60, draw)
        low, high = limits(fitted, margin)
        came = np.where(bad == 1, high, low)
        bins = np.digitize(came, [0.1, 0.3])
        surplus.append([((bad - came) * (bins == place)).mean() for place in range(3)])
    mean, error = np.mean(surplus, axis=0), np.std(surplus, axis=0) / np.sqrt(len(surplus))
    assert (np.abs(mean) < 3 * error + 0.002).all()
    assert np.mean(surplus) == pytest.approx(0.0, abs=0.003)


@pytest.fixture(scope="module")
def real(sample):
    """Every fourth loan of the sample: out-of-fold margins of two thirds of them, and margins of the last third."""
    table = pl.read_parquet(sample).gather_every(4)
    section = Book.parse(samples.path("sba_7a").with_suffix(".toml").read_text(encoding="utf-8")).section("risk")
    loans = Loans.learn(table, section, infer_table(table, section.types))
    setting = Setting(time=section.time, amount=section.amount)
    rung = next(rung for rung in LADDER if rung.name == "logistic")
    order = np.random.default_rng(0).permutation(len(loans))
    known, new = loans.take(np.sort(order[len(order) // 3 :])), loans.take(np.sort(order[: len(order) // 3]))

    def margins(train, test):
        plan, x = fit_plan(train, setting)
        return fit_scorer(rung, x, train.bad, setting).margin(plan.transform(test.codes))

    margin = np.empty(len(known))
    for train, test in folds(known.bad, known.groups, count=4):
        margin[test] = margins(known.take(train), known.take(test))
    return SimpleNamespace(
        fitted=Calibration.fit(margin, known.bad), bad=known.bad, margin=margin, new=margins(known, new), came=new.bad
    )


def bands(score, count=8):
    """Rows of each of some bands of equal size, riskier ones last."""
    return np.array_split(np.argsort(score, kind="stable"), count)


@pytest.mark.parametrize("source", ["drawn", "real"])
def test_the_interval_encloses_the_bad_rate_of_each_band_of_scores(source, real):
    if source == "drawn":
        draw = np.random.default_rng(1)
        fitted, (margin, bad) = Calibration.fit(*drawn(8_000, draw)), drawn(8_000, draw)
    else:
        fitted, margin, bad = real.fitted, real.new, real.came
    answer = fitted.answer(margin)
    for rows in bands(margin):
        chance = 3 * np.sqrt(bad[rows].mean() * (1 - bad[rows].mean()) / len(rows))
        assert answer.lower[rows].mean() - chance <= bad[rows].mean() <= answer.upper[rows].mean() + chance
    assert (answer.upper - answer.lower).mean() < 0.15, "an interval that says nothing encloses everything"


def test_the_interval_is_wide_where_little_is_known():
    draw = np.random.default_rng(2)
    widths = []
    for rows in (100, 1_000, 10_000):
        answer = Calibration.fit(*drawn(rows, draw)).answer(drawn(2_000, draw)[0])
        widths.append((answer.upper - answer.lower).mean())
    assert widths[0] > 2 * widths[1] > 4 * widths[2]


def test_real_loans_show_no_more_error_than_chance_and_a_hundredth(real):
    p = real.fitted.answer(real.new).value
    assert calibration_error(real.came, p) <= calibration_floor(p) + 0.01


def test_sets_cover_the_bad_and_the_good_of_real_loans(real):
    """87 to 93% of either, where plain sets, which promise 90% of all loans together, cover about half of the bad."""
    p = real.fitted.answer(real.new).value
    bads, goods = p[real.came == 1], p[real.came == 0]
    low, high = real.fitted.sets.unsure(0.9)
    assert 0.87 <= (bads >= low).mean() <= 0.93
    assert 0.87 <= (goods < high).mean() <= 0.93
    known = real.fitted.answer(real.margin).value
    most = np.quantile(np.where(real.bad == 1, 1 - known, known), 0.9)
    assert 0.88 <= np.mean(np.where(real.came == 1, 1 - p, p) <= most) <= 0.92
    assert (1 - bads <= most).mean() < 0.65
