"""A lender whose loans and whose store live in PostgreSQL."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

BOOK = """
[book]
name = "loans"
store = "{url}"

[risk]
data = {{url = "{url}", query = "select * from loans where amount > 0 -- 100% of them"}}
target = "status"
bad = "charged off"
id = "id"
time = "day"
amount = "amount"

[risk.policy]
approve_below = 0.15
decline_from = 0.40
"""


@pytest.fixture
def bank(folder, table, fresh_postgres_url) -> str:
    """A database with a table of loans in the types that a bank would choose; a book that names it."""
    engine = sa.create_engine(fresh_postgres_url)
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "create table loans (id bigint primary key, amount numeric(14, 2), income double precision,"
                " age smallint, state char(4), owner boolean, day timestamptz, status varchar(20))"
            )
        )
        rows = table.with_columns(status=pl.when(bad=1).then(pl.lit("charged off")).otherwise(pl.lit("paid")))
        connection.execute(
            sa.text("insert into loans values (:id, :amount, :income, :age, :state, :owner, :day, :status)"),
            rows.to_dicts(),
        )
    engine.dispose()
    Path("loanbook.toml").write_text(BOOK.format(url=fresh_postgres_url), encoding="utf-8")
    return fresh_postgres_url


def test_from_a_query_to_a_store_in_the_same_database(bank, run, learn, table):
    assert run("check").code == 0
    assert "version 1" in learn().out
    table.drop("bad").write_csv("new.csv")
    assert run("predict", "new.csv", "-o", "scored.csv", "--reasons").code == 0
    scored = pl.read_csv("scored.csv", infer_schema_length=None)
    assert scored.height == table.height
    assert set(scored["decision"]) == {"approve", "refer", "decline"}
    assert run("models", "--json").json["models"][0]["role"] == "champion"
    assert not list(Path().rglob("*.db"))
    run("train", "--only", "tree")
    assert run("models", "promote", "2").code == 0
    assert run("models", "rollback").code == 0
    assert run("audit", "verify").code == 0


def test_a_query_that_fails_is_told_in_one_paragraph_without_the_password(bank, run):
    book = Path("loanbook.toml")
    text = book.read_text(encoding="utf-8")
    book.write_text(text.replace("from loans", "from lones"), encoding="utf-8")
    said = run("train")
    assert said.code == 2
    assert 'relation "lones" does not exist' in said.err
    secret = text.replace("postgres@/", "postgres:hush@localhost:1/")
    book.write_text(secret, encoding="utf-8")
    said = run("train")
    assert said.code == 2
    assert "hush" not in said.err
