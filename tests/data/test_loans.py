"""Labelled rows: whose they are, and what became of them."""

import numpy as np
import polars as pl
import pytest

from loanbook.book import Book
from loanbook.data.inference import infer_table
from loanbook.data.loans import Loans, outcomes
from loanbook.errors import BookError


def section(**keys):
    lines = [f"{key} = {value!r}" for key, value in {"data": "x.csv", "target": "bad", **keys}.items()]
    return Book.parse("[risk]\n" + "\n".join(lines)).section("risk")


def learn(frame, **keys):
    return Loans.learn(frame, section(**keys), infer_table(frame))


@pytest.fixture
def frame():
    draw = np.random.default_rng(0)
    amount = draw.lognormal(9, 1, 300).round(2)
    return pl.DataFrame({"id": range(300), "amount": amount, "bad": (draw.random(300) < 0.3).astype(int)})


def test_rows_that_were_exported_twice_belong_together(frame):
    groups = learn(pl.concat([frame.drop("id")] * 2)).groups
    assert groups.tolist() == list(range(300)) * 2


def test_rows_of_a_few_categories_are_alike_without_being_the_same(frame):
    few = frame.select(pl.col("id").mod(7).cast(pl.String).alias("branch"), "bad")
    assert learn(few).groups.tolist() == list(range(300))


def test_ids_decide_where_there_are_any_and_a_row_without_one_stands_alone(frame):
    ids = frame.with_columns(id=pl.when(pl.col("id") > 1).then(pl.col("id") // 2))
    groups = learn(ids, id="id").groups
    assert groups[0] != groups[1]
    assert (groups[2::2] == groups[3::2]).all()
    assert len(np.unique(groups)) == 151


@pytest.mark.parametrize(("values", "bad"), [(["1.0", "0.0", "0.0"], "1"), ([1, 0, 0], "1.0"), ([1.0, 0.0, None], "1")])
def test_a_code_is_the_same_however_it_is_written(values, bad):
    found = outcomes(pl.Series("bad", values), section(bad=bad))
    assert found[:2].tolist() == [1.0, 0.0]


def test_without_a_word_on_it_the_rarer_of_two_is_bad_and_a_tie_is_not_guessed():
    assert outcomes(pl.Series(["no", "no", "yes ", "no", None]), section()).tolist()[:4] == [0.0, 0.0, 1.0, 0.0]
    assert outcomes(pl.Series(["a", "a ", "b", "b ", " b"]), section()).tolist() == [1.0, 1.0, 0.0, 0.0, 0.0]
    with pytest.raises(BookError, match="equally common"):
        outcomes(pl.Series(["no", "yes"]), section())
