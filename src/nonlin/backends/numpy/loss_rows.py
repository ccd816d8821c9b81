"""The rows of a batch as the losses of a training read them: one at a time, or, if they are short, many side by side.

Of short rows a vector holds one column of as many rows as there are lanes. A sum over a row is then an addition of
vectors, not of the lanes of one, and no lane is idle where a row is a single number.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial, reduce
from typing import Any

from ...definition.expression import Expression, nodes_of
from .arithmetic import Native
from .elements import BYTES
from .emitter import Emitter, Value, vector
from .loops import counted, row_of
from .reductions import Pass, RowReader, is_per_row
from .rewriting import with_symbols
from .training_functions import COSTLY, table
from .transpose import exchanged

SHORT_ROW = 128  # columns at most: their scratch memory fits the first cache
_FEW_ROWS = 2  # at most: not worth turning
_TILE = 4  # columns that are turned at a time
_MATRICES = ("z", "t")

Use = Callable[[RowReader, Value], None]  # what to do with rows, and the mask of the lanes that tell of one each


class Batch:
    """The rows of a kernel's matrices %z and %t with their weights %w; there are %rows of %cols columns, %stride apart.

    What lies behind the end of a row, up to the next one, may be read, and is left as it is.
    """

    def __init__(self, a: Native, short: int, weight: str, numbers: Mapping[str, Any] | None = None) -> None:
        """Rows of at most `short` columns share vectors; formulas find a row's weight under the name `weight`."""
        self.a, self.emit, self.short, self.weight, self.numbers = a, a.emit, short, weight, dict(numbers or {})
        self.functions = table(a)

    def each(self, use: Use, repeated: Sequence[Expression] = (), *, changes: bool = True) -> None:
        """Use all rows, whose z it `changes`: short ones side by side, where `repeated` parts are computed once."""
        emit = self.emit
        limit = emit.effect("i64", f"select i1 {self._are_short().text}, i64 %rows, i64 0")
        memory = {name: emit.room(self.a.type, SHORT_ROW) for name in _MATRICES}
        kept = {node: emit.room(self.a.type, SHORT_ROW) for node in repeated}
        spare = emit.slot(f"[{SHORT_ROW} x {self.a.element}]", "zeroinitializer")

        def together(first: Value) -> None:
            left = emit.binary("sub", Value("i64", "%rows"), first)
            mask = emit.first_lanes(left, self.a.lanes)
            rows = {name: self._rows(name, first, left, spare) for name in _MATRICES}
            for name, pointers in rows.items():
                self._tiles(lambda column, p=pointers, m=memory[name]: _turn_in(self.a, p, column, m))
            weights = emit.masked_load(self.a.element, emit.address("%w", self.a.element, first), mask)
            use(RowsInLanes(self.a, memory, mask, self._with(weights), self.functions, kept), mask)
            if changes:
                self._tiles(lambda column: _turn_back(self.a, memory["z"], column, rows["z"]))

        counter = counted(emit, limit.text, self.a.lanes, together)
        counted(emit, "%rows", 1, lambda index: use(self._alone(index), _first_lane(self.a)), counter=counter)

    def _are_short(self) -> Value:
        """Whether the rows are short, with room for whole tiles, and worth it."""
        emit = self.emit
        tiles = emit.pure("i64", f"and i64 {emit.pure('i64', f'add i64 %cols, {_TILE - 1}').text}, -{_TILE}")
        conditions = (f"sle i64 %cols, {self.short}", f"sle i64 {tiles.text}, %stride", f"sgt i64 %rows, {_FEW_ROWS}")
        return reduce(partial(emit.binary, "and"), (emit.pure("i1", f"icmp {each}") for each in conditions))

    def _alone(self, index: Value) -> RowReader:
        """A row whose columns are in the lanes."""
        rows = {name: row_of(self.emit, f"%{name}", self.a.element, index, "%stride") for name in _MATRICES}
        weight = self.emit.load(self.a.element, self.emit.address("%w", self.a.element, index))
        numbers = self._with(self.emit.spread(weight, self.a.lanes))
        return RowReader(self.a, self.a.element, rows, "%cols", numbers, self.functions)

    def _with(self, weights: Value) -> dict[str, Any]:
        return {**self.numbers, self.weight: weights}

    def _tiles(self, body: Callable[[Value], None]) -> None:
        counted(self.emit, "%cols", _TILE, body)

    def _rows(self, matrix: str, first: Value, left: Value, spare: str) -> list[str]:
        """The pointers to rows, one for each lane; those beyond the end are a spare row, which is of no matter."""
        emit, pointers = self.emit, [row_of(self.emit, f"%{matrix}", self.a.element, first, "%stride")]
        for lane in range(1, self.a.lanes):
            inside = emit.pure("i1", f"icmp slt i64 {lane}, {left.text}")
            row = row_of(emit, pointers[0], self.a.element, Value("i64", str(lane)), "%stride")
            pointers.append(emit.pure("ptr", f"select i1 {inside.text}, ptr {row}, ptr {spare}").text)
        return pointers


class Column:
    """A column of rows side by side, entries of memory in which column follows column; lanes without a row masked."""

    def __init__(self, a: Native, number: Value, mask: Value) -> None:
        self.a, self.emit, self.number, self.mask = a, a.emit, number, mask

    @property
    def index(self) -> Value:
        """The number of the column in all lanes."""
        number = self.number
        if self.a.integer != number.type:
            number = self.emit.convert("trunc", number, self.a.integer)
        return self.emit.spread(number, self.a.lanes)

    def load(self, memory: str) -> Value:
        """The entries of the rows in this column."""
        return self.emit.load(self.a.type, self.emit.address(memory, self.a.type, self.number))

    def store(self, memory: str, value: Value) -> None:
        """Write the entries of the rows in this column."""
        self.emit.store(value, self.emit.address(memory, self.a.type, self.number))


class RowsInLanes(RowReader):
    """Evaluates formulas for as many rows as there are lanes, and computes what is `kept` only once."""

    def __init__(
        self,
        a: Native,
        rows: Mapping[str, str],
        mask: Value,
        numbers: dict[str, Any],
        functions: Mapping[str, Callable[..., Any]],
        kept: Mapping[Expression, str],
    ) -> None:
        super().__init__(a, a.element, dict(rows), "%cols", numbers, functions)
        self.mask, self.kept = mask, kept
        self.known: dict[Expression, str] = {}  # those of the kept that an earlier pass has written

    def at(self, columns: Any, outputs: Sequence[Expression]) -> tuple[Any, ...]:
        """The outputs in one column."""
        wanted = [with_symbols(output, self.known) for output in outputs]
        needed = set(nodes_of(wanted))
        fresh = [node for node in self.kept if node in needed]
        results = super().at(columns, [*wanted, *fresh])
        for node, result in zip(fresh, results[len(wanted) :], strict=True):
            columns.store(self.kept[node], result)
            self.known[node] = name = f"kept{len(self.known)}"
            self.rows[name] = self.kept[node]
        return results[: len(wanted)]

    def over(self, body: Callable[[Any], None]) -> None:
        """body(column) for all columns."""
        counted(self.a.emit, self.count, 1, lambda number: body(Column(self.a, number, self.mask)))

    def _joined(self, total: Any) -> Any:
        return total

    def _across(self, found: list[Value]) -> list[Value]:
        return found


def repeated_parts(passes: Sequence[Pass], outputs: Sequence[Expression]) -> list[Expression]:
    """The costly parts that more than one of these formulas of a row's entries need."""
    formulas = [nodes_of([formula]) for formula in (*(step.argument for step in passes), *outputs)]
    count = Counter(node for nodes in formulas for node in nodes if node.operation in COSTLY)
    return [node for node, times in count.items() if times > 1 and not is_per_row(node)]


class Total:
    """A sum in double of numbers in lanes."""

    def __init__(self, a: Native) -> None:
        self.a, self.emit, self.type = a, a.emit, vector("double", a.lanes)
        self.slot = self.emit.slot(self.type, "zeroinitializer")

    def add(self, value: Value, mask: Value) -> None:
        """Add the lanes where the mask holds."""
        emit = self.emit
        value = emit.select(mask, value, Value(value.type, "zeroinitializer"))
        wide = value if value.type == self.type else emit.convert("fpext", value, self.type)
        emit.store(emit.binary("fadd", emit.load(self.type, self.slot), wide), self.slot)

    def result(self) -> Value:
        """The sum over the lanes, always in the same order."""
        emit, total = self.emit, self.emit.load(self.type, self.slot)
        while (half := total.lanes // 2) > 0:
            low, high = (emit.shuffle(total, range(start, start + half)) for start in (0, half))
            total = emit.binary("fadd", low, high)
        return emit.lane(total, 0)


def _first_lane(a: Native) -> Value:
    return a.emit.first_lanes(Value("i32", "1"), a.lanes)


def _turn_in(a: Native, rows: Sequence[str], column: Value, memory: str) -> None:
    """Some columns of rows, from one on, to memory where column follows column."""
    emit = a.emit
    pieces = [
        emit.load(vector(a.element, _TILE), emit.address(row, a.element, column), BYTES[a.element]) for row in rows
    ]
    tile = [_side_by_side(emit, pieces[place::_TILE]) for place in range(_TILE)]
    for place, entries in enumerate(_turned(emit, tile)):
        emit.store(entries, _column_of(a, memory, column, place))


def _turn_back(a: Native, memory: str, column: Value, rows: Sequence[str]) -> None:
    """The way back."""
    emit = a.emit
    tile = [emit.load(a.type, _column_of(a, memory, column, place)) for place in range(_TILE)]
    for place, line in enumerate(_turned(emit, tile)):
        for group, row in enumerate(rows[place::_TILE]):
            piece = emit.shuffle(line, range(_TILE * group, _TILE * (group + 1)))
            emit.store(piece, emit.address(row, a.element, column), BYTES[a.element])


def _turned(emit: Emitter, tile: list[Value]) -> list[Value]:
    for distance in (1, 2):
        tile = exchanged(emit, tile, distance)
    return tile


def _side_by_side(emit: Emitter, pieces: Sequence[Value]) -> Value:
    """Vectors one behind the other in a longer one."""
    while len(pieces) > 1:
        pieces = [emit.joined(*pieces[i : i + 2]) for i in range(0, len(pieces), 2)]
    return pieces[0]


def _column_of(a: Native, memory: str, first: Value, place: int) -> str:
    return a.emit.address(memory, a.type, a.emit.pure("i64", f"add i64 {first.text}, {place}"))
