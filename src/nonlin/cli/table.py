"""The DATA argument: a CSV, TSV or Parquet file, or the name of a data set bundled with scikit-learn."""

from __future__ import annotations

import csv
import re
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nonlin.errors import InputError, suggestion

if TYPE_CHECKING:
    import pandas as pd

BUNDLED = {
    "iris": "classification",
    "wine": "classification",
    "breast_cancer": "classification",
    "digits": "classification",
    "diabetes": "regression",
}
"""Data sets that come with scikit-learn, and their tasks."""

_SEPARATORS = {".csv": None, ".txt": None, ".tsv": "\t"}
_PARQUET = (".parquet", ".pq")


_ROW_NUMBERS = "Unnamed: 0"
"""What pandas calls a first column without a name, such as the row numbers that pandas and R write."""


class Table(NamedTuple):
    """A data set as read: its name, its columns, what is known of its target, and columns that are no data."""

    name: str
    frame: pd.DataFrame
    target: str | None = None
    task: str | None = None
    row_numbers: tuple[str, ...] = ()


def read_table(data: str, target: str | None = None) -> Table:
    """Read the file or bundled data set that `data` names; raise InputError for what cannot be read.

    In text, words such as NA and None stand for missing values, except where the column `target` holds text: there
    they may be classes, and only empty cells are missing.
    """
    if data in BUNDLED:
        return _read_bundled(data)
    path = Path(data)
    if not path.exists():
        raise InputError(f"DATA {data!r}: there is no such file or bundled data set{_similar(path)}")
    if path.is_dir():
        raise InputError(f"DATA {data!r} is a directory; expected a file in it{_example(path)}")
    ending = path.suffix.lower()
    if ending not in (*_SEPARATORS, *_PARQUET):
        known = ", ".join((*_SEPARATORS, *_PARQUET))
        raise InputError(f"DATA {data!r} ends in {ending!r}; expected a table that ends in {known}")
    if path.stat().st_size == 0:
        raise InputError(f"DATA {data!r} is an empty file; expected a line of column names, then a line per example")
    frame = _read_parquet(path) if ending in _PARQUET else _read_text(path, _SEPARATORS[ending], target)
    if len(frame) == 0:
        raise InputError(f"DATA {data!r} has column names but no rows; expected a line per example")
    frame.columns = [str(column) for column in frame.columns]
    return Table(path.name, frame, row_numbers=_row_numbers(frame))


def _read_bundled(name: str) -> Table:
    from sklearn import datasets

    frame = getattr(datasets, f"load_{name}")(as_frame=True).frame
    return Table(name, frame, "target", BUNDLED[name])


def _read_parquet(path: Path) -> pd.DataFrame:
    import pandas as pd

    try:
        return _with_plain_numbers(pd.read_parquet(path))
    except (OSError, ValueError) as error:
        raise InputError(f"DATA {str(path)!r} is no readable Parquet file: {_first_line(error)}") from error


def _with_plain_numbers(frame: pd.DataFrame) -> pd.DataFrame:
    """The table with columns of exact decimals (a type of Parquet and of databases) as columns of floats."""
    for position, column in enumerate(frame.columns):
        values = frame.iloc[:, position]
        if values.dtype == object and all(isinstance(value, Decimal) for value in values.dropna()):
            frame[column] = values.astype("float64")
    return frame


def _read_text(path: Path, separator: str | None, target: str | None) -> pd.DataFrame:
    import pandas as pd

    where = f"DATA {str(path)!r}"
    with path.open("rb") as file:
        if b"\0" in file.read(65536):
            raise InputError(f"{where} is no text file; expected a table of text, with a comma between the columns")
    separator, decimal = _format(path, separator)
    options: Any = {"sep": separator, "decimal": decimal, "encoding": "utf-8-sig", "low_memory": False}
    try:
        frame = pd.read_csv(path, **options)
    except UnicodeDecodeError as error:
        raise InputError(
            f"{where} is not in UTF-8 (byte {error.object[error.start]:#04x}); save it with the encoding UTF-8"
        ) from error
    except pd.errors.EmptyDataError as error:
        raise InputError(f"{where} holds no columns; expected a line of column names first") from error
    except pd.errors.ParserError as error:
        raise InputError(f"{where} is no readable table: {_parser_message(error)}") from error
    if not frame.index.equals(pd.RangeIndex(len(frame))):
        raise InputError(f"{where}: the rows have more fields than the first line has names; name every column")
    if target in frame.columns and not pd.api.types.is_numeric_dtype(frame[target]) and frame[target].isna().any():
        options |= {"usecols": [frame.columns.get_loc(target)], "keep_default_na": False, "na_values": [""]}
        frame[target] = pd.read_csv(path, **options).iloc[:, 0]
    return frame


def _format(path: Path, separator: str | None) -> tuple[str, str]:
    """The character between the columns, found if not known, and the one before the decimals."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        lines = [line for _, line in zip(range(20), file, strict=False)]
    separator = separator or _separator(lines)
    commas = separator != "," and re.search(r"\d,\d", "".join(lines)) and not re.search(r"\d\.\d", "".join(lines))
    return separator, "," if commas else "."


def _separator(lines: list[str]) -> str:
    """What splits the first lines into most fields, equally many in each."""
    counts = {}
    for separator in ",;\t|":
        widths = {len(fields) for fields in csv.reader(lines, delimiter=separator) if fields}
        counts[separator] = min(widths) if len(widths) == 1 else 0
    best = max(counts, key=lambda separator: counts[separator])
    return best if counts[best] > 1 else ","


def _row_numbers(frame: pd.DataFrame) -> tuple[str, ...]:
    """The first column, where it has no name and counts the rows: it tells the file's order and nothing else."""
    if frame.columns[0] != _ROW_NUMBERS:
        return ()
    first = frame[_ROW_NUMBERS].tolist()
    counted = first in (list(range(len(first))), list(range(1, len(first) + 1)))
    return (_ROW_NUMBERS,) if counted else ()


def _parser_message(error: Exception) -> str:
    """What pandas found, with the line's number where it tells one."""
    found = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", str(error))
    if found is None:
        return f"{_first_line(error)}; check the quotes and the separators"
    expected, line, saw = found.groups()
    return f"line {line} has {saw} fields where {expected} were expected; mend or remove that line"


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__


def _similar(path: Path) -> str:
    """The nearest file beside the missing one, or bundled name, as an ending for the message."""
    folder = path.parent
    beside = {child.name.lower(): str(folder / child.name) for child in folder.iterdir()} if folder.is_dir() else {}
    names = dict.fromkeys((*beside, *BUNDLED))
    near = suggestion(path.name, names)
    if not near:
        return f"; bundled are {', '.join(BUNDLED)}"
    for name, full in beside.items():
        near = near.replace(f"{name!r}", f"{full!r}")
    return near


def _example(folder: Path) -> str:
    tables = sorted(child.name for child in folder.iterdir() if child.suffix.lower() in (*_SEPARATORS, *_PARQUET))
    return f", such as {str(folder / tables[0])!r}" if tables else ""
