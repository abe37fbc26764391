"""The usual training: cross-validate three pipelines on five folds, then fit each on all rows."""

from __future__ import annotations

import sys

import pandas as pd
from sklearn.model_selection import StratifiedKFold, cross_val_score

from benchmarks.usual import CLASSIFIERS, Columns, classifier

SAMPLE_COLUMNS = Columns(
    numbers=(
        "zip", "naics", "employees", "business_age_code", "jobs_created", "jobs_retained", "franchise_code",
        "urban_rural_code", "amount", "guaranteed_amount",
    ),
    categories=("city", "state", "bank", "bank_state", "revolving", "low_doc"),
    dates=("approval_date",),
)  # fmt: skip


def main(path: str, *only: str) -> None:
    """Print the mean AUC of each classifier, or of only some."""
    frame = SAMPLE_COLUMNS.frame(pd.read_parquet(path))
    bad = (frame["status"] == "charged_off").astype(int)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    for name in only or CLASSIFIERS:
        pipeline = SAMPLE_COLUMNS.pipeline(classifier(name, 0))
        print(name, cross_val_score(pipeline, frame, bad, cv=folds, scoring="roc_auc").mean())
        pipeline.fit(frame, bad)


if __name__ == "__main__":
    main(*sys.argv[1:])
