"""Finding the line of a key in any TOML text."""

from __future__ import annotations

import json
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loanbook.book.lines import lines_of

TRICKY = """# [not] = "a table"
"quoted.key" = 'a # b' # comment
"uml\\u00e4ut" = 1
dotted.'key'.here = 2

[ table . "sub table" ] # [x]
text = \"\"\"
[inside]
a = "b" \\\"\"\" still
ends in a quote\"\"\"\"
raw = '''
# no comment
''' # comment
list = [ # one
    "a", # "b",
    {x = "]"},
    [1, 2], 3,

    'last'
]
inline = { url = "a}b", query = 'c' }
after = 1979-05-27
[[many]]
x = 1
[[many]]
x = 2"""


def test_strings_comments_and_nesting_do_not_confuse():
    lines = lines_of(TRICKY)
    table = ("table", "sub table")
    assert tomllib.loads(TRICKY)["table"]["sub table"]["after"]
    assert {path: lines[path] for path in lines if path != ("many",)} == {
        ("quoted.key",): 2,
        ("umläut",): 3,
        ("dotted", "key", "here"): 4,
        table: 6,
        (*table, "text"): 7,
        (*table, "raw"): 11,
        (*table, "list"): 14,
        (*table, "list", 0): 15,
        (*table, "list", 1): 16,
        (*table, "list", 2): 17,
        (*table, "list", 3): 17,
        (*table, "list", 4): 19,
        (*table, "inline"): 21,
        (*table, "after"): 22,
        ("many", "x"): 24,
    }


@pytest.mark.parametrize("text", ["", "\n\n", "# only", "a = 1 # no newline at the end", "a = [", "a = '"])
def test_short_and_broken_texts_come_to_an_end(text):
    assert set(lines_of(text)) <= {("a",)}


@given(
    st.lists(
        st.tuples(
            st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8),
            st.integers() | st.booleans() | st.text(st.characters(exclude_categories=["Cs", "Cc"])),
            st.integers(0, 2),
        ),
        unique_by=lambda entry: entry[0],
    )
)
def test_every_key_is_found_on_its_line(entries):
    text, expected = "", {}
    for key, value, blank in entries:
        text += "\n" * blank
        expected[key,] = text.count("\n") + 1
        text += f"{json.dumps(key, ensure_ascii=False)} = {json.dumps(value, ensure_ascii=False)}  # = [x]\n"
    assert lines_of(text) == expected
