"""The kernel gives the bits of its numpy twins: for one row, for many, after writing and reading."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from loanbook.models.compiled import Compiled, Figures
from loanbook.models.scoring.grouped import grouped
from loanbook.models.scoring.trees import TreeEnsemble
from loanbook.models.trained import TrainedModel
from loanbook.registry import artefacts

NAMES = [
    "three_rules", "scorecard", "logistic_woe", "one_rule", "tree", "xgboost", "lightgbm", "catboost", "ebm", "forest",
    "network", "constant", "empty blend", "blend of blends", "xgboost, isotonic", "network, isotonic", "amounts",
]  # fmt: skip
FIGURES = ("margin", "level", "value", "lower", "upper")


@pytest.fixture(params=NAMES)
def model(request, models) -> TrainedModel:
    return models[request.param]


def test_every_model_is_tried(models):
    assert sorted(models) == sorted(NAMES)


def by_numpy(model: TrainedModel, codes: np.ndarray) -> tuple[np.ndarray, dict[str, np.ndarray], np.ndarray]:
    """Model rows, figures and contributions, without the kernel."""
    x = model.plan.transform(codes)
    margin = model.scorer.margin(x)
    answer = model.output.answer(margin)
    figures = {"margin": margin, **{name: getattr(answer, name) for name in FIGURES[1:]}}
    how = grouped(model.scorer, model.plan.group_of, len(model.groups))
    return x, figures, how.contributions(x) * model.output.scale(margin, model.scorer.base)[:, None]


def test_a_table_is_scored_and_explained_to_the_last_bit_as_by_numpy(model, hard_codes):
    assert model.engine is not None
    x, figures, moved = by_numpy(model, hard_codes)
    for codes in (hard_codes, np.asfortranarray(hard_codes)):
        scored = model.score_codes(codes)
        assert np.array_equal(scored.x, x, equal_nan=True)
        for name, expected in figures.items():
            assert np.array_equal(getattr(scored, name), expected), name
        assert np.array_equal(model.contributions(scored.x, scored.margin), moved)
    assert np.array_equal(model.contributions(x), moved)


def test_one_row_and_any_slice_give_the_same_bits(model, hard_codes):
    whole = model.score_codes(hard_codes)
    moved = model.contributions(whole.x, whole.margin)
    compiled = Compiled(model)
    for at in range(0, len(hard_codes), 9):
        codes = hard_codes[at].tolist()
        expected = Figures(*(float(getattr(whole, name)[at]) for name in FIGURES))
        assert compiled.figures(codes) == compiled.figures(hard_codes[at]) == expected
        assert compiled.moved(codes, expected) == moved[at].tolist()
        order = np.argsort(-moved[at], kind="stable")[:4].tolist()
        assert compiled.explained(codes) == (expected, moved[at].tolist(), order)
    part = model.score_codes(hard_codes[5:77])
    assert np.array_equal(part.level, whole.level[5:77])
    assert np.array_equal(model.contributions(part.x, part.margin), moved[5:77])


def test_moved_is_of_the_codes_that_it_is_given(models, hard_codes):
    compiled = Compiled(models["xgboost"])
    first, second = hard_codes[0].tolist(), hard_codes[700].tolist()
    figures = compiled.figures(first)
    alone = Compiled(models["xgboost"])
    assert compiled.moved(second, alone.figures(second)) == alone.moved(second, alone.figures(second))
    assert compiled.moved(first, figures) == alone.moved(first, figures)


def test_contributions_add_up(model, hard_codes):
    scored = model.score_codes(hard_codes)
    total = model.base_level + model.contributions(scored.x, scored.margin).sum(axis=1)
    size = 1.0 + np.abs(scored.level) if model.output.kind == "amount" else 1.0
    assert (np.abs(total - scored.level) / size).max() <= 1e-12


def test_what_is_written_and_read_gives_the_same_bits(model, hard_codes, tmp_path):
    manifest = artefacts.save(model, tmp_path / "model")
    again = artefacts.load(tmp_path / "model", manifest.digest)
    before, after = model.score_codes(hard_codes), again.score_codes(hard_codes)
    for name in FIGURES:
        assert np.array_equal(getattr(before, name), getattr(after, name))
    assert np.array_equal(model.contributions(before.x), again.contributions(after.x))


def test_without_the_kernel_one_row_is_the_same(model, hard_codes, monkeypatch):
    expected = [Compiled(model).explained(codes) for codes in hard_codes[::101].tolist()]
    monkeypatch.setattr("loanbook.models.compiled.engine.kernel", lambda: None)
    bare = TrainedModel(model.usecase, model.contract, model.plan, model.scorer, model.output, {})
    assert bare.engine is None
    slow = Compiled(bare)
    assert [slow.explained(codes) for codes in hard_codes[::101].tolist()] == expected


def test_threads_do_not_disturb_each_other(models, hard_codes):
    model = models["blend of blends"]
    scored = model.score_codes(hard_codes)
    expected = model.contributions(scored.x, scored.margin)

    def again(start: int) -> bool:
        rows, one = slice(start, start + 400), Compiled(model)
        part = model.score_codes(hard_codes[rows])
        alone = [one.explained(codes)[1] for codes in hard_codes[rows][:50].tolist()]
        moved = model.contributions(part.x, part.margin)
        return np.array_equal(moved, expected[rows]) and alone == expected[rows][:50].tolist()

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(again, range(0, 800, 50)))


def test_some_trees_have_tables_and_some_have_none(models):
    """Both ways are tried above."""
    left_out = {}
    for name in ("xgboost", "lightgbm", "catboost", "forest"):
        scorer = models[name].scorer
        assert isinstance(scorer, TreeEnsemble)
        left_out[name] = models[name]._grouped.tables.pieces.left_out.mean()
    assert left_out["xgboost"] == left_out["catboost"] == 0
    assert left_out["forest"] > 0
