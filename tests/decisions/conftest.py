from __future__ import annotations

from dataclasses import replace

import pytest

from loanbook.decisions.decider import open_decider
from loanbook.registry.versions import Registry


@pytest.fixture(params=["sqlite", "postgresql"])
def book(request, sample_book):
    """The sample's book, on both kinds of store."""
    if request.param == "postgresql":
        return replace(sample_book, store=request.getfixturevalue("fresh_postgres_url"))
    return sample_book


@pytest.fixture
def registry(book, trained_models):
    """A registry in which the logistic model decides and XGBoost waits."""
    registry = Registry(book)
    registry.register("risk", trained_models["logistic"])
    registry.register("risk", trained_models["xgboost"])
    yield registry
    registry.close()


@pytest.fixture
def decider(book, registry):
    return open_decider(book, registry, registry.champion("risk"))


@pytest.fixture(scope="session")
def applications(small_sample, trained_models):
    """300 applications as JSON would bring them: only what the model may see, dates as text."""
    names = list(trained_models["logistic"].contract.names)
    rows = small_sample.gather_every(13).head(300).select(names).to_dicts()
    return [
        {name: value.isoformat() if hasattr(value, "isoformat") else value for name, value in row.items()}
        for row in rows
    ]
