"""The neural network as a rung: what it learns, what it leaves alone, and that a seed fixes it."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from loanbook.evaluation.metrics import auc
from loanbook.models.risk.inputs import inputs_of
from loanbook.models.risk.network import Network
from loanbook.models.scoring import Additive, sigmoid
from loanbook.testing import example

pytestmark = pytest.mark.skipif(find_spec("keras") is None, reason="keras is not installed")


def quick(**settings) -> Network:
    return Network(**{"networks": 2, "most_epochs": 12, "patience": 3, **settings})


@pytest.fixture(scope="module")
def fitted() -> Network:
    rows = example(1500)
    return quick().fit(rows.x, rows.y)


def test_fresh_loans_are_ranked(fitted) -> None:
    fresh = example(2000, seed=1)
    assert auc(fresh.y, fitted.predict_proba(fresh.x)[:, 1]) > 0.72


def test_an_interaction_is_found() -> None:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(6000, 3))
    y = (draw.random(6000) < sigmoid(2.0 * np.sign(x[:, 0] * x[:, 1]))).astype(np.float64)
    rung = quick(most_epochs=20).fit(x[:3000], y[:3000])
    assert auc(y[3000:], rung.predict_proba(x[3000:])[:, 1]) > 0.8


def test_promised_shares_come_true(fitted) -> None:
    fresh = example(4000, seed=2)
    assert abs(fitted.predict_proba(fresh.x)[:, 1].mean() - fresh.y.mean()) < 0.03


def test_another_seed_is_another_model(fitted) -> None:
    rows = example(1500)
    other = quick(seed=1).fit(rows.x, rows.y)
    assert not np.array_equal(other.predict_proba(rows.x), fitted.predict_proba(rows.x))


def test_a_fit_in_between_leaves_no_trace(fitted) -> None:
    rows, other = example(1500), example(1500, seed=9)  # the compiled model is shared: it must begin anew
    quick(learning_rate=0.01, seed=5).fit(other.x, other.y)
    again = quick().fit(rows.x, rows.y)
    assert np.array_equal(again.scorer_.margin(other.x), fitted.scorer_.margin(other.x))


def test_each_network_stops_for_itself_and_in_time(fitted) -> None:
    assert fitted.epochs_.shape == (2,)
    assert ((fitted.epochs_ >= 1) & (fitted.epochs_ <= 12)).all()


def test_noise_stops_it_early() -> None:
    draw = np.random.default_rng(0)
    x, y = draw.normal(size=(1000, 8)), (draw.random(1000) < 0.3).astype(np.float64)
    rung = quick(most_epochs=40, patience=4).fit(x, y)
    assert rung.epochs_.max() < 20
    assert np.abs(rung.predict_proba(x)[:, 1] - 0.3).mean() < 0.15


def test_weights_count_rows() -> None:
    rows = example(600)
    heavy = quick().fit(rows.x, rows.y, sample_weight=np.where(rows.y > 0, 5.0, 1.0))
    plain = quick().fit(rows.x, rows.y)
    assert heavy.predict_proba(rows.x)[:, 1].mean() > plain.predict_proba(rows.x)[:, 1].mean() + 0.1


def test_without_anything_to_see_it_is_the_base_rate() -> None:
    rung = quick().fit(np.ones((8, 2)), [0, 0, 0, 0, 0, 0, 1, 1])
    assert isinstance(rung.scorer_, Additive)
    assert "nothing" in rung.describe(["a", "b"])


def test_the_description_says_how_exact_the_reasons_are(fitted) -> None:
    text = fitted.describe(example().names)
    assert "DeepLIFT" in text
    assert fitted.additivity_error_ < 1e-12


def test_a_rare_level_is_held_within_bounds() -> None:
    x = np.zeros((5000, 1))
    x[:3] = 1.0
    assert np.abs(inputs_of(x)(x)).max() <= 4.0


def test_it_prints_nothing_and_leaves_no_settings_behind(tmp_path) -> None:
    code = (
        "import numpy as np; from loanbook.models.risk.network import Network;"
        "x = np.arange(40.0)[:, None]; Network(networks=1, most_epochs=1).fit(x, x[:, 0] > 20);"
        "import os; assert 'KERAS_BACKEND' not in os.environ; assert 'KERAS_HOME' not in os.environ;"
        "import keras; assert keras.backend.backend() == 'jax'"
    )
    names = ("KERAS_BACKEND", "KERAS_HOME")
    plain = {name: value for name, value in os.environ.items() if name not in names}
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, capture_output=True, text=True, env={**plain, "HOME": str(tmp_path)}
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert not (tmp_path / ".keras").exists()


def test_the_backend_that_the_user_names_is_kept() -> None:
    code = "from loanbook.models.risk.neural import load_keras; load_keras()"
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        capture_output=True,
        text=True,
        env={**os.environ, "KERAS_BACKEND": "no_such_backend"},
    )
    assert done.returncode != 0
    assert "no_such_backend" in done.stderr
