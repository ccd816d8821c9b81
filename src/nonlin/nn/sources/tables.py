"""Tables of numbers in files, read a few rows at a time: Parquet in any order of its row groups, text from the top."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import csv, parquet

from nonlin.errors import InputError, unknown
from nonlin.nn.sources.blocks import PART_BYTES, Block, Source

_ROW_GROUPS = 8  # read side by side at most where the order is random: a block has rows of all of them
_PAGES_BYTES = 2**28  # of all columns of these row groups
_PAGE_BYTES = 2**21  # of one column: a page as writers make it, and what it was packed in
_BUFFER = 2**18  # of each column that is being read


class TableSource(Source):
    """A table: columns of targets, at most one of weights, and all others as inputs, which have to be numbers."""

    def __init__(self, path: Path, target: Any, weights: Any, dtype: np.dtype | None):
        self._path, self.name = path, repr(path.name)
        with self._readable():
            schema, index = self._schema()
        names = [name for name in schema.names if name not in index]
        repeated = {name for name in names if names.count(name) > 1}
        if repeated:
            raise InputError(f"{self.name} has several columns {min(repeated)!r}; give every column a name of its own")
        self._target_names = [target] if isinstance(target, str) else [*target]
        self._weight_name = weights
        apart = [*self._target_names, *([] if weights is None else [weights])]
        twice = [name for name in apart if apart.count(name) > 1]
        if twice:
            raise InputError(
                f"column {twice[0]!r} of {self.name} is asked for twice, as target or weight; name it once"
            )
        for name in apart:
            if name not in names:
                listing = f"expected one of {', '.join(names[:20])}{', ...' if names[20:] else ''}"
                raise unknown(f"column of {self.name}", name, names, listing)
        self.feature_names = self._input_names = [name for name in names if name not in apart]
        self.features = len(self._input_names)
        self._names = [*self.feature_names, *apart]
        self.target_shape = () if isinstance(target, str) else (len(self._target_names),)
        self._check_numbers(schema, [*self._input_names, *apart[len(self._target_names) :]])
        single = all(pa.types.is_float32(schema.field(name).type) for name in self._input_names)
        self.dtype = dtype or np.dtype(np.float32 if single else np.float64)

    @abstractmethod
    def _schema(self) -> tuple[pa.Schema, list[str]]:
        """Names and types of the columns, and the names of those that hold row numbers."""

    def _check_numbers(self, schema: pa.Schema, names: list[str]) -> None:
        if not self._input_names:
            raise InputError(f"{self.name} has no columns beside {self._target_names}; a network needs some as inputs")
        for name in names:
            kind = schema.field(name).type
            if not _is_number(kind):
                raise InputError(
                    f"column {name!r} of {self.name} holds {kind}, but networks take in numbers; encode it first, "
                    "for example with skrub.TableVectorizer, or use `nonlin compare`, which does"
                )

    @contextmanager
    def _readable(self) -> Iterator[None]:
        """Tell of what cannot be read in one sentence."""
        try:
            yield
        except (OSError, pa.ArrowException) as error:
            reason = str(error).splitlines()[0]
            raise InputError(f"{self.name} cannot be read: {reason}; mend the file or its name") from error

    def _part(self, batch: pa.RecordBatch, first: int) -> Block:
        """The examples of some rows, the first of which has the number `first` in the table."""
        inputs = np.stack([_numbers(batch[name], self.dtype) for name in self._input_names], axis=1)
        weights = None if self._weight_name is None else _numbers(batch[self._weight_name], self.dtype)
        return Block(inputs, self._targets_of(batch), weights, np.arange(first, first + len(inputs)))

    def _targets_of(self, batch: pa.RecordBatch) -> np.ndarray:
        columns = [self._target(name, batch[name]) for name in self._target_names]
        return np.stack(columns, axis=1) if self.target_shape else columns[0]

    def _target(self, name: str, column: pa.Array) -> np.ndarray:
        plain = column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
        return plain.to_numpy(zero_copy_only=False)


class ParquetSource(TableSource):
    """A Parquet file; in a random order, rows of several of its row groups, which come in that order, alternate."""

    def _schema(self) -> tuple[pa.Schema, list[str]]:
        with self._open() as file:
            self.examples = file.metadata.num_rows
            if not self.examples:
                raise InputError(f"{self.name} has no rows; a network needs examples to learn from")
            sizes = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
            self._first_rows = np.cumsum([0, *sizes])[:-1]
            index = (file.schema_arrow.pandas_metadata or {}).get("index_columns", [])
            return file.schema_arrow, [name for name in index if isinstance(name, str)]

    def _open(self) -> parquet.ParquetFile:
        return parquet.ParquetFile(self._path, buffer_size=_BUFFER, pre_buffer=False)

    @property
    def _row_groups_at_once(self) -> int:
        return max(1, min(_ROW_GROUPS, _PAGES_BYTES // (_PAGE_BYTES * len(self._names))))

    def parts(self, random: np.random.Generator | None) -> Iterator[Block]:
        """The row groups in slices."""
        groups = np.arange(len(self._first_rows))
        if random is not None:
            random.shuffle(groups)
        with self._readable(), self._open() as file:
            side_by_side = 1 if random is None else self._row_groups_at_once
            streams = [self._slices(file, groups[i::side_by_side]) for i in range(side_by_side)]
            while streams:
                for stream in [*streams]:
                    if (part := next(stream, None)) is not None:
                        yield part
                    else:
                        streams.remove(stream)

    def _slices(self, file: parquet.ParquetFile, groups: np.ndarray) -> Iterator[Block]:
        for group in groups:
            first = int(self._first_rows[group])
            for batch in file.iter_batches(self.part_rows, row_groups=[int(group)], columns=self._names):
                yield self._part(batch, first)
                first += len(batch)

    def targets(self) -> Iterator[np.ndarray]:
        """The columns of targets; no other is read."""
        with self._readable(), self._open() as file:
            for batch in file.iter_batches(columns=self._target_names):
                yield self._targets_of(batch)


class TextSource(TableSource):
    """A table of text with a first line of column names; its rows come in their order and their number is unknown.

    What is a number in the first `PART_BYTES` of the file has to be one in all of it.
    """

    def _schema(self) -> tuple[pa.Schema, list[str]]:
        self._types: dict[str, pa.DataType] = {}
        with self._open() as file:
            found = {field.name: field.type for field in file.schema}
        self._whole = {name for name, kind in found.items() if pa.types.is_integer(kind)}
        gaps = {name for name, kind in found.items() if pa.types.is_null(kind)}
        self._types = dict.fromkeys(self._whole | gaps, pa.float64())
        with self._open() as file:
            return file.schema, []

    def _open(self, columns: list[str] | None = None) -> csv.CSVStreamingReader:
        return csv.open_csv(
            self._path,
            read_options=csv.ReadOptions(block_size=PART_BYTES),
            parse_options=csv.ParseOptions(delimiter="\t" if self._path.suffix.lower() == ".tsv" else ","),
            convert_options=csv.ConvertOptions(column_types=self._types, include_columns=columns),
        )

    def _target(self, name: str, column: pa.Array) -> np.ndarray:
        """Numbers are read as fractions, in case that one comes; classes that were whole numbers are so again."""
        values = super()._target(name, column)
        whole = name in self._whole and (values == np.rint(values)).all()
        return values.astype(np.int64) if whole else values

    def parts(self, random: np.random.Generator | None) -> Iterator[Block]:
        """The rows in slices, in their order, also where a random one is asked for."""
        first = 0
        with self._readable(), self._open() as file:
            for batch in file:
                for start in range(0, len(batch), self.part_rows):
                    yield self._part(batch.slice(start, self.part_rows), first + start)
                first += len(batch)

    def targets(self) -> Iterator[np.ndarray]:
        """The columns of targets; all of the file is gone through, but no other column is made numbers of."""
        with self._readable(), self._open(self._target_names) as file:
            yield from map(self._targets_of, file)


def _is_number(kind: pa.DataType) -> bool:
    kinds = pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean, pa.types.is_decimal
    return any(is_kind(kind) for is_kind in kinds)


def _numbers(column: pa.Array, dtype: np.dtype) -> np.ndarray:
    """A column as numbers, gaps as NaN."""
    return column.cast(pa.from_numpy_dtype(dtype), safe=False).to_numpy(zero_copy_only=False)
