"""Text tables in every layout that lenders export."""

from __future__ import annotations

import csv
import gzip
import io
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loanbook.data.inference import MISSING
from loanbook.data.sources import batches, count, notes, read
from loanbook.errors import DataError

PLAIN = "id,amount,state\n1,100.5,CA\n2,,NY\n3,7,TX\n"
TABLE = {"id": ["1", "2", "3"], "amount": ["100.5", None, "7"], "state": ["CA", "NY", "TX"]}


def put(folder: Path, text: str | bytes, name: str = "t.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def as_dict(frame: pl.DataFrame) -> dict[str, list[str | None]]:
    assert set(frame.dtypes) == {pl.String()}
    return frame.to_dict(as_series=False)


@pytest.mark.parametrize(
    ("name", "text"),
    {
        "plain": PLAIN,
        "semicolons": PLAIN.replace(",", ";"),
        "tabs": PLAIN.replace(",", "\t"),
        "pipes": PLAIN.replace(",", "|"),
        "crlf": PLAIN.replace("\n", "\r\n"),
        "old mac": PLAIN.replace("\n", "\r"),
        "no last line end": PLAIN.rstrip("\n"),
        "byte order mark": "\ufeff" + PLAIN,
        "blank lines": PLAIN.replace("\n", "\n\n") + "\n  \n",
        "blank lines first": "\n\n" + PLAIN,
        "blanks around": PLAIN.replace(",", " , "),
        "trailing delimiter everywhere": PLAIN.replace("\n", ",\n"),
        "trailing delimiter in rows": PLAIN.replace("\n", ",\n").replace("state,", "state"),
        "trailing delimiter in header": PLAIN.replace("state", "state,"),
        "quoted": '"id","amount","state"\n"1","100.5","CA"\n"2","","NY"\n"3","7","TX"\n',
        "missing by a word": PLAIN.replace(",,", ",NA,"),
    }.items(),
)
def test_one_table_in_many_spellings(tmp_path: Path, name: str, text: str) -> None:
    assert as_dict(read(put(tmp_path, text))) == TABLE


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("packed", [False, True])
def test_encodings(tmp_path: Path, encoding: str, packed: bool) -> None:
    data = "Straße;Größe\nKöln;1,5\nMünchen;2,5\n".encode(encoding)
    path = put(tmp_path, gzip.compress(data) if packed else data, "t.csv.gz" if packed else "t.csv")
    assert as_dict(read(path)) == {"Straße": ["Köln", "München"], "Größe": ["1,5", "2,5"]}
    assert bool(notes(path)) == (not encoding.startswith("utf-8"))


def test_an_umlaut_in_the_last_line_decides_the_encoding(tmp_path: Path) -> None:
    path = put(tmp_path, "a,b\n" + "1,x\n" * 600_000 + "2,Köln\n", encoding="cp1252")
    assert read(path)["b"][-1] == "Köln"


def test_quoted_delimiters_newlines_and_quotes(tmp_path: Path) -> None:
    path = put(tmp_path, 'id,text\n1,"a, b"\n2,"line one\nline two"\n3,"say ""hi"""\n4,5" pipe\n5,6" pipe\n')
    assert read(path)["text"].to_list() == ["a, b", "line one\nline two", 'say "hi"', '5" pipe', '6" pipe']


def test_german_data_has_blanks_and_no_header(tmp_path: Path) -> None:
    path = put(tmp_path, "A11 6 A34  1169 A65\nA12 48 A32 5951 A61\nA14 12 A34 2096 A61\n")
    frame = read(path)
    assert frame.columns == [f"column_{i}" for i in range(1, 6)]
    assert frame.row(0) == ("A11", "6", "A34", "1169", "A65")
    assert "no header line" in notes(path)[0]


def test_a_header_is_seen_among_texts_and_years(tmp_path: Path) -> None:
    assert read(put(tmp_path, "colour,size\nred,big\nblue,small\nred,small\n")).columns == ["colour", "size"]
    assert read(put(tmp_path, "id,2007,2008\n1,5,6\n2,7,8\n")).columns == ["id", "2007", "2008"]
    assert read(put(tmp_path, "red,big\nblue,small\nred,small\nred,big\n")).columns == [
        "column_1",
        "column_2",
    ]


def test_decimal_commas_do_not_hide_the_semicolon(tmp_path: Path) -> None:
    frame = read(put(tmp_path, "1,5;2,5\n3,5;4,5\n"))
    assert as_dict(frame) == {"column_1": ["1,5", "3,5"], "column_2": ["2,5", "4,5"]}


def test_single_columns(tmp_path: Path) -> None:
    assert as_dict(read(put(tmp_path, "status\npaid\ncharged off\n"))) == {"status": ["paid", "charged off"]}
    assert as_dict(read(put(tmp_path, "town\nNew York\nLos Angeles\n"))) == {"town": ["New York", "Los Angeles"]}


def test_odd_names(tmp_path: Path) -> None:
    assert read(put(tmp_path, ' Loan Amount ,"a,b",\n1,2,3\n')).columns == ["Loan Amount", "a,b", "column_3"]
    assert read(put(tmp_path, ",x\n7,1\n9,2\n")).columns == ["column_1", "x"]


def test_row_numbers_without_a_name_as_r_writes_them(tmp_path: Path) -> None:
    frame = read(put(tmp_path, '"amount" "state"\n"1" 5.5 "CA"\n"2" 6.5 "New York"\n'))
    assert as_dict(frame) == {"column_1": ["1", "2"], "amount": ["5.5", "6.5"], "state": ["CA", "New York"]}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "the file is empty"),
        (" \n\n", "the file is empty"),
        ("a,b\n", "has one line and no rows"),
        ("a,b,a\n1,2,3\n", 'two columns are named "a" (columns 1 and 3)'),
        ("a,b,c\n1,2,3\n4,5\n6,7,8\n", "line 3: this line has 2 values where the table has 3 columns"),
        (
            'a,b,c\n1,"x\ny",3\n4,5,6,7\n6,7,8\n',
            "line 4: this line has 4 values where the table has 3 columns",
        ),
        ("a,b,c\n1,2,3\n4,5,6\n7,8", "line 4: the last line is cut off"),
        ('a,b,c\n1,2,3\n4,5,6\n7,8,"cut', "line 4: a quotation mark is opened and never closed"),
        ('a,b,c\n1,2,3\n4,5,"6\n' + "7,8,9\n" * 2000, "line 3: a quotation mark is opened and never closed"),
        ("a,b\n1,2\n3,4\n\x00\x01\x02,5\n", "binary data"),
        (b"PK\x03\x04 and so on", "an Excel workbook or a zip archive"),
        (bytes(range(256)) * 40, "binary data"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_paragraph(tmp_path: Path, text: str | bytes, said: str) -> None:
    path = put(tmp_path, text)
    with pytest.raises(DataError) as caught:
        read(path)
    assert said in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_value_behind_the_trailing_delimiter_is_not_lost_silently(tmp_path: Path) -> None:
    text = "a,b\n" + "1,2,\n" * 1000 + "1,2,3\n"
    with pytest.raises(DataError, match="a row has more than 2 values"):
        read(put(tmp_path, text))


def test_cut_compressed_file(tmp_path: Path) -> None:
    whole = gzip.compress("\n".join(f"{i},{i * i}" for i in range(200_000)).encode())
    with pytest.raises(DataError, match="the compressed file is cut off"):
        read(put(tmp_path, whole[: len(whole) // 2], "t.csv.gz"))
    with pytest.raises(DataError, match="damaged"):
        read(put(tmp_path, whole[:1000] + b"rubbish" + whole[1007:], "t.csv.gz"))


def test_columns_are_chosen_and_ordered(tmp_path: Path) -> None:
    path = put(tmp_path, PLAIN)
    assert read(path, columns=["state", "id"]).columns == ["state", "id"]
    with pytest.raises(DataError, match=r'no column "sate". The nearest is "state"'):
        read(path, columns=["sate"])


def test_rows_are_counted_for_a_progress_bar(tmp_path: Path) -> None:
    assert count(put(tmp_path, PLAIN)) == count(put(tmp_path, PLAIN.rstrip("\n"))) == 3
    assert count(put(tmp_path, "1,2\n3,4\n")) == 2


def test_batches_are_the_table_cut_in_pieces(tmp_path: Path) -> None:
    rows = "".join(f"{i},{'' if i % 3 else i / 7},L{i % 5}\n" for i in range(10_001))
    path = put(tmp_path, "id,x,level\n" + rows)
    pieces = list(batches(path, size=1000))
    assert [piece.height for piece in pieces] == [1000] * 10 + [1]
    assert pl.concat(pieces).equals(read(path))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_blocks_of_the_parser_do_not_show(tmp_path: Path, encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from loanbook.data.sources import csv as tables

    text = "id,text\n" + "".join(f'{i},"ä{i}\n{"x" * (i % 50)}"\n' for i in range(3000))
    path = put(tmp_path, text, encoding=encoding)
    whole = read(path)
    monkeypatch.setattr(tables, "BLOCK", 500)
    assert read(path).equals(whole)
    assert whole["text"].to_list() == [f"ä{i}\n{'x' * (i % 50)}".strip() for i in range(3000)]


CELLS = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n"), max_size=12)


@given(
    rows=st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=30),
    delimiter=st.sampled_from(",;\t|"),
    size=st.integers(1, 7),
)
def test_what_a_csv_writer_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, ...]], delimiter: str, size: int
) -> None:
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    # Whole numbers under a name make the header plain to see, and no row is empty.
    writer.writerow(["number", "a", "b", "c"])
    writer.writerows([(number, *row) for number, row in enumerate(rows)])
    path = put(tmp_path_factory.mktemp("csv"), text.getvalue())
    said = [tuple(None if cell.strip() in MISSING else cell.strip() for cell in row) for row in rows]
    assert read(path).drop("number").rows() == said
    assert pl.concat(batches(path, size=size)).drop("number").rows() == said
