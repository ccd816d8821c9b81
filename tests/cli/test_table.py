"""DATA: what is read, and what is refused."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nonlin.cli.table import BUNDLED, read_table
from nonlin.errors import InputError

FRAME = pd.DataFrame({"size": [1.5, 2.5, 3.5], "colour": ["red", "blue, dark", "red"], "count": [1, 2, 3]})


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", BUNDLED)
def test_bundled_sets_know_their_target(name):
    table = read_table(name)
    assert table.target in table.frame.columns
    assert table.task == BUNDLED[name]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("a.csv", {}),
        ("a.csv", {"sep": ";"}),
        ("a.txt", {"sep": "|"}),
        ("a.tsv", {"sep": "\t"}),
        ("A.CSV", {"sep": "\t"}),
    ],
)
def test_text_with_any_usual_separator(folder, name, options):
    FRAME.to_csv(folder / name, index=False, **options)
    pd.testing.assert_frame_equal(read_table(name).frame, FRAME)


def test_parquet_and_byte_order_mark(folder):
    FRAME.to_parquet(folder / "a.parquet")
    pd.testing.assert_frame_equal(read_table("a.parquet").frame, FRAME)
    FRAME.to_csv(folder / "b.csv", index=False, encoding="utf-8-sig")
    assert list(read_table("b.csv").frame.columns) == list(FRAME.columns)


def test_exact_decimals_of_parquet_are_numbers(folder):
    prices = pa.array([Decimal("1.50"), None, Decimal("-3.25")], pa.decimal128(10, 2))
    pq.write_table(pa.table({"price": prices, "name": ["a", "b", "c"]}), "a.parquet")
    frame = read_table("a.parquet").frame
    assert frame["price"].dtype == np.float64
    np.testing.assert_array_equal(frame["price"], [1.5, np.nan, -3.25])
    assert frame["name"].tolist() == ["a", "b", "c"]


def test_words_for_missing_may_be_classes_of_the_target(folder):
    (folder / "a.csv").write_text('x,disorder\nNA,None\n2,Apnea\n3,"NA"\n4,\n5,null\n')
    values = read_table("a.csv", "disorder").frame
    assert values["disorder"].tolist()[:3] == ["None", "Apnea", "NA"]
    assert values["disorder"].isna().tolist() == [False, False, False, True, False]
    assert values["x"].isna().tolist() == [True, False, False, False, False]
    assert read_table("a.csv").frame["disorder"].isna().sum() == 4
    (folder / "b.csv").write_text("x,y\n1,0.5\n2,NA\n3,1.5\n")
    assert read_table("b.csv", "y").frame["y"].isna().tolist() == [False, True, False]


def test_decimal_commas(folder):
    (folder / "a.csv").write_text("size;price\n1,5;2\n2,5;3,25\n")
    assert read_table("a.csv").frame["size"].tolist() == [1.5, 2.5]
    assert read_table("a.csv").frame["price"].tolist() == [2, 3.25]


def test_row_numbers_without_a_name_are_no_data(folder):
    FRAME.to_csv(folder / "pandas.csv")
    assert read_table("pandas.csv").row_numbers == ("Unnamed: 0",)
    FRAME.set_axis([1, 2, 3]).to_csv(folder / "r.csv")
    assert read_table("r.csv").row_numbers == ("Unnamed: 0",)
    FRAME.set_axis([3, 1, 2]).to_csv(folder / "other.csv")
    assert read_table("other.csv").row_numbers == ()


def test_a_single_column_is_no_guessing_matter(folder):
    (folder / "a.csv").write_text("y\n1\n2\n")
    assert read_table("a.csv").frame["y"].tolist() == [1, 2]


def test_a_file_named_as_a_bundled_set_is_reached_by_its_path(folder):
    FRAME.to_csv(folder / "iris.csv", index=False)
    assert len(read_table("./iris.csv").frame) == 3


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b"", "empty file"),
        ("blank.csv", b"\n\n\n", "no columns"),
        ("header.csv", b"a,b\n", "no rows"),
        ("ragged.csv", b"a,b\n1,2\n3,4,5\n", "line 3 has 3 fields where 2 were expected"),
        ("wide.csv", b"a,b\n1,2,3\n3,4,5\n", "name every column"),
        ("quote.csv", b'a,b\n1,"2\n3,4\n', "quotes"),
        ("latin.csv", "a,b\n1,caf\u00e9\n".encode("latin-1"), "UTF-8 (byte 0xe9)"),
        ("binary.csv", b"\x00\x01\x02\x03", "no text file"),
        ("garbled.parquet", b"PAR1 and nothing else", "no readable Parquet file"),
        ("table.xlsx", b"PK", ".csv"),
        ("noending", b"a,b", "expected a table that ends in"),
    ],
)
def test_unreadable_files(folder, name, content, said):
    (folder / name).write_bytes(content)
    with pytest.raises(InputError) as caught:
        read_table(name)
    assert name in str(caught.value)
    assert said in str(caught.value)


def test_a_missing_file_gets_the_nearest_name(folder):
    FRAME.to_csv(folder / "patients.csv", index=False)
    for given, near in (("patient.csv", "'patients.csv'"), ("breast-cancer", "'breast_cancer'"), ("iri.csv", "'iris'")):
        with pytest.raises(InputError) as caught:
            read_table(given)
        assert f"did you mean {near}" in str(caught.value)
    with pytest.raises(InputError, match="bundled are iris"):
        read_table("nowhere/qqq.csv")


def test_a_directory_is_told_apart(folder):
    FRAME.to_csv(folder / "patients.csv", index=False)
    with pytest.raises(InputError, match=r"is a directory; expected a file in it, such as 'patients.csv'"):
        read_table(".")
