"""Trees that ask one question a level, one after the other: CatBoost, stopped early."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from loanbook.models.risk.base import Floats, base_log_odds
from loanbook.models.risk.folds import Split
from loanbook.models.risk.growing import strictly_below
from loanbook.models.risk.space import Range
from loanbook.models.risk.stopping import EarlyStopped
from loanbook.models.scoring import TreeEnsemble


class CatBoost(EarlyStopped):
    """Gradient-boosted oblivious trees, as CatBoost grows them (Prokhorenkova et al., 2018): one comparison a level.

    Such trees are weak one by one, which keeps boosting from learning rows by heart. Rows are rounded to float32 before
    training, as the scorer rounds them before it compares.

    Parameters
    ----------
    depth, learning_rate, columns, rows, penalty : of each tree; shares of columns and rows drawn, L2 on leaves.
    borders : thresholds tried in each column.
    many_rows : from so many on, trees learn 1.6 times as fast.
    most_trees : limit on the number of trees.
    held_out : share of the rows that decides when to stop.
    patience : trees without improvement before stopping.
    trees_if_few : number of trees where a class has too few rows to hold any out.
    seed : of every draw.
    jobs : without effect: on two threads CatBoost grows other trees than on one.

    >>> x = np.array([[20.0], [25.0], [30.0], [35.0], [40.0], [45.0], [50.0], [55.0]] * 10)
    >>> rung = CatBoost(most_trees=20).fit(x, (x[:, 0] < 38).astype(int))
    >>> rung.describe(["age"])
    '22 trees. What bought most of the fit: age 100%.'
    """

    title: ClassVar[str] = "CatBoost, early stopped"
    interpretability: ClassVar[int] = 8
    space: ClassVar[Mapping[str, Range]] = {
        "depth": Range(3, 8, whole=True),
        "learning_rate": Range(0.02, 0.15, log=True),
        "columns": Range(0.3, 1.0),
        "rows": Range(0.5, 1.0),
        "penalty": Range(0.5, 30.0, log=True),
    }

    def __init__(
        self,
        *,
        depth: int = 6,
        learning_rate: float = 0.05,
        columns: float = 0.6,
        rows: float = 0.8,
        penalty: float = 5.0,
        borders: int = 64,
        many_rows: int = 25_000,
        most_trees: int = 1000,
        held_out: float = 0.2,
        patience: int = 40,
        trees_if_few: int = 60,
        seed: int = 0,
        jobs: int = 1,
    ) -> None:
        self.depth = depth
        self.learning_rate = learning_rate
        self.columns = columns
        self.rows = rows
        self.penalty = penalty
        self.borders = borders
        self.many_rows = many_rows
        self.most_trees = most_trees
        self.held_out = held_out
        self.patience = patience
        self.trees_if_few = trees_if_few
        self.seed = seed
        self.jobs = jobs

    def _learn(self, x: Floats, y: Floats, weight: Floats) -> TreeEnsemble:
        self.importances_ = np.zeros(x.shape[1])
        if all(_one_value(column) for column in x.T):  # which CatBoost refuses
            return _level(base_log_odds(y, weight), x.shape[1])
        grown = self._grow(x, y, weight)
        bought = np.asarray(grown.get_feature_importance(type="PredictionValuesChange"))
        self.importances_ = bought / (bought.sum() or 1.0)
        return ensemble_of(grown, x.shape[1])

    def _grow(self, x: Floats, y: Floats, weight: Floats) -> Any:
        import catboost

        rows = catboost.Pool(x.astype(np.float32), y, weight=weight)
        return catboost.CatBoost(self._settings(len(y), self._trees(x, y, weight))).fit(rows)

    def _settings(self, rows: int, trees: int) -> dict[str, Any]:
        return {
            "loss_function": "Logloss",
            "iterations": trees,
            "depth": self.depth,
            "learning_rate": self.learning_rate * (1.6 if rows >= self.many_rows else 1.0),
            "rsm": self.columns,
            "bootstrap_type": "Bernoulli",
            "subsample": self.rows,
            "l2_leaf_reg": self.penalty,
            "border_count": self.borders,
            "boosting_type": "Plain",
            "boost_from_average": True,
            "random_seed": self.seed,
            "thread_count": 1,
            "allow_writing_files": False,
            "logging_level": "Silent",
        }

    def _best(self, x: Floats, y: Floats, weight: Floats, split: Split) -> int:
        import catboost

        settings = self._settings(len(y), self.most_trees)
        (train, held), x = split, x.astype(np.float32)
        if all(_one_value(column) for column in x[train].T):
            return 1
        rows = catboost.Pool(x[train], y[train], weight=weight[train])
        judge = catboost.Pool(x[held], y[held], weight=weight[held])
        stopped = catboost.CatBoost(settings).fit(
            rows, eval_set=judge, early_stopping_rounds=self.patience, use_best_model=False
        )
        return int(stopped.get_best_iteration()) + 1


def ensemble_of(grown: Any, width: int) -> TreeEnsemble:
    """A CatBoost model of numbers as a TreeEnsemble, each level written out for all the nodes that share it.

    Read from the model's own JSON, in which borders are float32 and numbers are written so that they come back exact.
    It goes right above a border; NaN counts as less than every number.
    """
    model = _written(grown)
    scale, bias = model["scale_and_bias"]
    columns = [one["flat_feature_index"] for one in model["features_info"]["float_features"]]
    trees = [_nodes(tree, columns) for tree in model["oblivious_trees"]]
    sizes = np.array([len(tree["feature"]) for tree in trees])
    roots = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    starts = np.repeat(roots, sizes)
    whole = {name: np.concatenate([tree[name] for tree in trees]) for name in trees[0]}
    inner = whole["feature"] >= 0
    return TreeEnsemble(
        base_margin=float(np.sum(bias)),
        feature=whole["feature"].astype(np.int32),
        threshold=np.where(inner, strictly_below(whole["border"]), np.float32(0)),
        left=np.where(inner, starts + whole["left"], 0).astype(np.int32),
        right=np.where(inner, starts + whole["left"] + 1, 0).astype(np.int32),
        missing_left=inner,
        value=whole["value"] * scale,
        cover=whole["cover"],
        roots=roots.astype(np.int32),
        width=width,
    )


def _written(grown: Any) -> dict[str, Any]:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        grown.save_model(str(path), format="json")
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found


def _nodes(tree: Mapping[str, Any], columns: list[int]) -> dict[str, NDArray[Any]]:
    """The nodes of one tree, root first, level by level: the children of node i are 2 i + 1 and 2 i + 2.

    CatBoost's leaf number has the answer to its last comparison in the highest bit, so that one stands at the root, as
    it does for CatBoost's own reasons.
    """
    splits = (tree["splits"] or [])[::-1]
    depth = len(splits)
    inner, leaves = 2**depth - 1, 2**depth
    level = np.repeat(np.arange(depth), 2 ** np.arange(depth))
    cover = [np.asarray(tree["leaf_weights"], np.float64)]
    for _ in range(depth):
        cover.insert(0, cover[0].reshape(-1, 2).sum(axis=1))
    borders = np.array([split["border"] for split in splits], np.float64)
    asked = np.array([columns[split["float_feature_index"]] for split in splits], np.int64)
    return {
        "feature": np.append(asked[level], np.full(leaves, -1)),
        "border": np.append(borders[level], np.zeros(leaves)),
        "left": np.append(2 * np.arange(inner) + 1, np.zeros(leaves, np.int64)),
        "value": np.append(np.zeros(inner), np.asarray(tree["leaf_values"], np.float64)),
        "cover": np.concatenate(cover),
    }


def _one_value(column: NDArray[Any]) -> bool:
    return len(np.unique(column)) < 2


def _level(log_odds: float, width: int) -> TreeEnsemble:
    """One leaf for everybody."""
    none, zero = np.array([-1], np.int32), np.zeros(1, np.int32)
    return TreeEnsemble(
        base_margin=0.0,
        feature=none,
        threshold=np.zeros(1, np.float32),
        left=zero,
        right=zero,
        missing_left=np.zeros(1, np.bool_),
        value=np.array([log_odds]),
        cover=np.ones(1),
        roots=zero,
        width=width,
    )
