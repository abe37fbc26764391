"""The shared fixtures do what the other tests rely on."""

from __future__ import annotations

import pytest
import sqlalchemy as sa


def test_postgres_is_a_real_one(postgres_url):
    with sa.create_engine(postgres_url, poolclass=sa.NullPool).connect() as connection:
        assert connection.scalar(sa.text("show server_version_num")) >= "180000"


def test_a_fresh_database_is_empty_and_its_own(postgres_url, fresh_postgres_url):
    assert fresh_postgres_url != postgres_url
    engine = sa.create_engine(fresh_postgres_url, poolclass=sa.NullPool)
    assert sa.inspect(engine).get_table_names() == []


def test_a_missing_tool_skips_on_a_laptop_and_fails_in_ci(need, monkeypatch):
    need("polars")
    need("sh")
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-tool is missing"):
        need("no-such-tool")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no-such-tool is missing"):
        need("no-such-tool")


def test_the_small_sample_spans_the_years(small_sample):
    assert small_sample.height == 4_019
    assert small_sample["approval_date"].dt.year().n_unique() == 11
