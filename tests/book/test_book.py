"""What a correct book says."""

from __future__ import annotations

from pathlib import Path

import pytest

from loanbook.book import Book, Economics, PolicySettings, Source
from loanbook.data import samples
from loanbook.errors import BookError

FULL = """
[book]
name = "sba"
home = "work"
store = "postgresql+psycopg://me:${PASSWORD}@host/loans"
artifacts = "s3://bucket/prefix"
durability = "power"

[risk]
data = {url = "postgresql://me:${PASSWORD}@host/loans", query = "select * from loans"}
target = "status"
bad = ["charged_off", 2, 1.0, true]
id = "loan number"
time = "approval_date"
outcome_time = "charge_off_date"
amount = "amount"
ignore = ["charged_off", "charge_off_date", "charged_off"]
protected = "minority_owned"
personal = ["zip", "city"]
shadow = true

[risk.types]
"loan number" = "category"
approval_date = "date %d/%m/%Y"

[risk.reasons]
AMOUNT_HIGH = "The amount is high"

[risk.economics]
margin = 0.1

[risk.policy]
approve_below = 0.10
decline_from = 0.30
"""


def test_a_full_book_is_understood(tmp_path, monkeypatch):
    monkeypatch.setenv("PASSWORD", "geheim")
    book = Book.parse(FULL, tmp_path / "loanbook.toml")
    risk = book.section("risk")
    assert (book.name, book.home, book.artifacts) == ("sba", tmp_path / "work", "s3://bucket/prefix")
    assert book.store == "postgresql+psycopg://me:geheim@host/loans"
    assert risk.data == Source(None, "postgresql://me:geheim@host/loans", "select * from loans", tmp_path)
    assert risk.bad == ("charged_off", "2", "1", "true")
    assert risk.ignore == ("charged_off", "charge_off_date")
    assert risk.protected == ("minority_owned",)
    assert (book.durability, risk.personal, risk.shadow) == ("power", ("zip", "city"), True)
    assert (risk.id, risk.time, risk.outcome_time) == ("loan number", "approval_date", "charge_off_date")
    assert risk.types == {"loan number": "category", "approval_date": "date %d/%m/%Y"}
    assert risk.texts == {"AMOUNT_HIGH": "The amount is high"}
    assert risk.economics == Economics(margin=0.1)
    assert risk.policy == PolicySettings(approve_below=0.10, decline_from=0.30)


def test_passwords_are_never_shown(monkeypatch):
    monkeypatch.setenv("PASSWORD", "geheim")
    assert "geheim" not in repr(Book.parse(FULL))


def test_a_password_may_be_in_a_file(tmp_path, monkeypatch):
    (tmp_path / "secret").write_text("geheim\n")
    monkeypatch.setenv("PASSWORD_FILE", str(tmp_path / "secret"))
    assert Book.parse(FULL).store == "postgresql+psycopg://me:geheim@host/loans"
    monkeypatch.setenv("PASSWORD_FILE", str(tmp_path / "none"))
    with pytest.raises(BookError, match="PASSWORD_FILE names cannot be read"):
        Book.parse(FULL)
    monkeypatch.setenv("PASSWORD", "known")
    assert "known" in Book.parse(FULL).store


def test_two_lines_are_enough(tmp_path):
    book = Book.parse('[risk]\ndata = "loans.csv"\ntarget = "status"', tmp_path / "loanbook.toml")
    risk = book.section("risk")
    assert book.name == tmp_path.name
    assert book.home == tmp_path / ".loanbook"
    assert book.store == f"sqlite:///{tmp_path}/.loanbook/store.db"
    assert book.artifacts == str(tmp_path / ".loanbook" / "artefacts")
    assert risk.data == Source("loans.csv", None, None, tmp_path)
    assert (risk.bad, risk.id, risk.time, risk.ignore) == ((), None, None, ())
    assert risk.economics == Economics(0.60, 0.08, 40.0)
    assert risk.policy == PolicySettings(objective="profit")


@pytest.mark.parametrize(
    ("store", "expected"),
    [
        ("sqlite:///loans.db", "sqlite:///{folder}/loans.db"),
        ("sqlite:////var/loans.db", "sqlite:////var/loans.db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("postgresql://host/x", "postgresql://host/x"),
    ],
)
def test_a_relative_store_lies_beside_the_book(tmp_path, store, expected):
    text = f'[book]\nstore = "{store}"\n[risk]\ndata = "a"\ntarget = "b"'
    assert Book.parse(text, tmp_path / "loanbook.toml").store == expected.format(folder=tmp_path)


@pytest.mark.parametrize(
    "policy",
    [
        "approval_rate = 0.7",
        'objective = "profit"',
        "approve_below = 0.1",
        "decline_from = 0.3",
        "refer_when_unsure = 0.9",
    ],
)
def test_each_way_to_decide_is_accepted(policy):
    Book.parse(f'[risk]\ndata = "a"\ntarget = "b"\n[risk.policy]\n{policy}')


def test_a_book_is_loaded_from_a_file_with_a_byte_order_mark(tmp_path):
    path = tmp_path / "loanbook.toml"
    path.write_text('[risk]\ndata = "a.csv"\ntarget = "kündigung"', encoding="utf-8-sig")
    assert Book.load(path).section("risk").target == "kündigung"


def test_the_book_of_the_sample_fits_its_table(small_sample):
    book = Book.load(samples.book("sba_7a"))
    book.check_columns("risk", small_sample.columns)
    assert book.section("risk").data == Source("sample:sba_7a", None, None, Path(samples.__file__).parent)


def test_columns_that_are_not_in_the_data_are_named_with_their_line(monkeypatch):
    monkeypatch.setenv("PASSWORD", "x")
    names = ["status", "loan_number", "approval_date", "charge_off_date", "amount", "charged_off", "zip", "city"]
    with pytest.raises(BookError) as caught:
        Book.parse(FULL).check_columns("risk", names)
    lines = str(caught.value).splitlines()
    assert lines[0] == "loanbook.toml: 3 mistakes"
    assert lines[1] == (
        "  loanbook.toml, line 13, [risk] id: the data have no column 'loan number'. Perhaps 'loan_number' is meant."
    )
    assert "line 18, [risk] protected" in lines[2]
    assert "line 23, [risk.types] loan number" in lines[3]


def test_an_ignored_column_that_is_missing_is_named_where_it_stands_in_the_list():
    book = Book.parse('[risk]\ndata = "a"\ntarget = "b"\nignore = [\n  "b2",\n  "c",\n]')
    with pytest.raises(BookError, match=r"line 6, \[risk\] ignore: the data have no column 'c'"):
        book.check_columns("risk", ["b", "b2"])


def test_sections_that_are_not_there_are_named():
    book = Book.parse('[risk]\ndata = "a"\ntarget = "b"')
    with pytest.raises(BookError, match=r"no section \[fraud\].* it has \[risk\]"):
        book.section("fraud")
    with pytest.raises(BookError, match=r"no use case 'rsik'\. Perhaps 'risk' is meant"):
        book.section("rsik")
