"""Every mistake of a book is named: key, line, what is wrong, what is right."""

from __future__ import annotations

import pytest

from loanbook.book import Book
from loanbook.errors import BookError

GOOD = '[risk]\ndata = "loans.csv"\ntarget = "status"\n'


def complaint(text: str) -> str:
    with pytest.raises(BookError) as caught:
        Book.parse(text)
    return str(caught.value)


@pytest.mark.parametrize(
    ("added", "expected"),
    [
        ('taget = "x"', "line 4, [risk] taget: there is no such key. Perhaps 'target' is meant."),
        ('outcometime = "x"', "line 4, [risk] outcometime: there is no such key. Perhaps 'outcome_time' is meant."),
        ("id = 3", "line 4, [risk] id: must be a text in quotes, not the number 3."),
        ("time = 2008-01-01", "line 4, [risk] time: must be a text in quotes, not the date 2008-01-01."),
        ("amount = ['a']", "line 4, [risk] amount: must be a text in quotes, not a list."),
        ('id = " "', "line 4, [risk] id: must not be empty."),
        ("ignore = [1]", 'must be a list of texts, such as ["a", "b"], but holds the number 1.'),
        ("bad = []", "line 4, [risk] bad: must name at least one value."),
        ("bad = [[1]]", "line 4, [risk] bad: must be a value of the target or a list of them, but holds a list."),
        ('id = "decision"', "line 4, [risk] id: loanbook predict writes a column 'decision' of its own. Rename"),
        ('id = "status"', "line 4, [risk] id: the column 'status' is already the target."),
        ('time = "d"\noutcome_time = "d"', "line 5, [risk] outcome_time: the column 'd' is already the time."),
        ('ignore = [\n"a",\n"status"]', "line 6, [risk] ignore: the target 'status' must not be listed here."),
        ('protected = ["status"]', "line 4, [risk] protected: the target 'status' must not be listed here."),
        ('shadow = "yes"', "line 4, [risk] shadow: must be true or false, not 'yes'."),
        ("[book]\ndurability = 'disk'", "line 5, [book] durability: must be 'process' or 'power', not 'disk'."),
        ("economics = 3", "line 4, [risk] economics: must be a section [risk.economics], not the number 3."),
        ("types.x = 'integr'", "line 4, [risk.types] x: there is no type 'integr'; perhaps 'integer' is meant."),
        ("types.x = 'date %d'", "line 4, [risk.types] x: the date format '%d' must have one year"),
        ("time = 'd'\ntypes.d = 'text'", "line 5, [risk.types] d: the time must be a date, not 'text'."),
        ("amount = 'd'\ntypes.d = 'date'", "the amount must be an integer or a decimal, not 'date'."),
        ("[risk.reasons]\nA = 1", "line 5, [risk.reasons] A: must be a text in quotes, not the number 1."),
        ("[risk.economics]\nmargn = 1", "line 5, [risk.economics] margn: there is no such key. Perhaps 'margin'"),
        ("[risk.economics]\nmargin = 8", "must be a number from 0 to 1, but is 8. It is a share: 0.08 is 8%."),
        ("[risk.economics]\nmargin = true", "line 5, [risk.economics] margin: must be a number from 0 to 1, not true."),
        ("[risk.economics]\nmargin = nan", "margin: must be a number from 0 to 1, but is nan."),
        ("[risk.economics]\nreview_cost = -1", "review_cost: must be a number of 0 or more, but is -1."),
        ("[risk.economics]\nreview_cost = inf", "review_cost: must be a number of 0 or more, but is inf."),
        ('[risk.policy]\nobjective = "money"', "objective: must be 'profit', not 'money'."),
        (
            "[risk.policy]\napprove_below = 0.4\ndecline_from = 0.3",
            "line 5, [risk.policy] approve_below: approve_below (0.4) must not lie above decline_from (0.3).",
        ),
        (
            "[risk.policy]\napprove_below = 0.4\napproval_rate = 0.3",
            "line 6, [risk.policy] approval_rate: 'approve_below' and 'approval_rate' contradict each other.",
        ),
        (
            "[risk.policy]\nrefer_when_unsure = 90",
            "refer_when_unsure: must be a number from 0.5 to 0.99, but is 90. 0.90 covers 90% of the bad loans and",
        ),
        ("[rsik]\nx = 1", "line 4, [rsik]: there is no such section. Perhaps 'risk' is meant."),
        ("[fraud]\nx = 1", "line 4, [fraud]: this release does not have this use case yet."),
        ("[book]\nhom = 'x'", "line 5, [book] hom: there is no such key. Perhaps 'home' is meant."),
        ("[book]\nstore = 'x://${NOT_SET_AT_ALL}'", "the environment variable 'NOT_SET_AT_ALL' is not set."),
    ],
)
def test_one_mistake_is_named(added, expected):
    found = complaint(GOOD + added)
    assert found.startswith("loanbook.toml, line ")
    assert expected in found
    assert "mistakes" not in found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            '[risk]\ntarget = "x"',
            "loanbook.toml, line 1, [risk]: the key 'data' is missing. Add it: data = ….",
        ),
        ('[risk]\ndata = "x"\ntaget = "y"', "line 3, [risk] taget: there is no such key. Perhaps 'target' is meant."),
        (
            '[risk]\ndata = 3\ntarget = "x"',
            'data: must be a file, a glob, or {url = "…", query = "…"}, not the number 3.',
        ),
        ('[risk]\ndata = {url = "x"}\ntarget = "x"', "line 2, [risk] data: the key 'query' is missing."),
        ('[risk]\ndata = {url = "x", qery = "y"}\ntarget = "x"', "line 2, [risk.data] qery: there is no such key."),
        ('[book]\nname = "x"', "loanbook.toml: the book has no use case. Add a section [risk]."),
        ("risk = 3", "loanbook.toml, line 1, [risk]: must be a section [risk], not the number 3."),
        ("[[risk]]\ndata = 'x'", "loanbook.toml, line 1, [risk]: must be a section [risk], not a list."),
    ],
)
def test_books_without_the_essentials(text, expected):
    assert expected in complaint(text)


def test_all_mistakes_are_named_at_once_in_the_order_of_the_file():
    found = complaint(
        '[book]\nhome = 1\n\n[risk]\ndata = "x"\ntarget = "y"\nbda = "z"\n[risk.policy]\napproval_rate = 7'
    )
    lines = found.splitlines()
    assert lines[0] == "loanbook.toml: 3 mistakes"
    assert [line.split(":")[0].strip() for line in lines[1:]] == [
        "loanbook.toml, line 2, [book] home",
        "loanbook.toml, line 7, [risk] bda",
        "loanbook.toml, line 9, [risk.policy] approval_rate",
    ]
    assert found.endswith(".")
    assert not found.endswith("..")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[risk]\ndata = loans.csv", "loanbook.toml, line 2, column 8: the book is not valid TOML: "),
        (
            "[risk]\ndata = 'a'\ndata = 'b'",
            "loanbook.toml, line 3, its end: the book is not valid TOML: cannot overwrite a value. Write each key",
        ),
        ('[risk]\ndata = "C:\\loans"', "loanbook.toml, line 2, column "),
        ('[risk]\ndata = "a', "loanbook.toml, line 2, its end: the book is not valid TOML: "),
    ],
)
def test_text_that_is_not_toml_gets_line_and_column(text, where):
    assert complaint(text).startswith(where)


def test_books_that_cannot_be_read(tmp_path):
    with pytest.raises(BookError, match=r"no such book\. Write one with `loanbook init DATA --target COL`"):
        Book.load(tmp_path / "loanbook.toml")
    with pytest.raises(BookError, match=r"this is a folder, not a book\. Name the file"):
        Book.load(tmp_path)
    (tmp_path / "latin.toml").write_bytes("[book]\nname = 'Köln'".encode("latin-1"))
    with pytest.raises(BookError, match="is not UTF-8 text"):
        Book.load(tmp_path / "latin.toml")
