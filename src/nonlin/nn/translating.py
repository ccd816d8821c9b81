"""Statements and expressions of Python as instructions: those that the training loop is written in."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

from nonlin.nn.calls import call, call_for_number
from nonlin.nn.instructions import BOOL, BUILTINS, INT, NUMBER, UNSIGNED, Array, Code, Record, Scalar, constant

_SIGNS = {
    ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "**", ast.RShift: ">>", ast.BitXor: "^",
    ast.BitAnd: "&", ast.BitOr: "|", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.Eq: "==",
    ast.NotEq: "!=",
}  # fmt: skip
_WIDTHS = {BOOL: 0, INT: 1, UNSIGNED: 1, NUMBER: 2}  # a variable keeps the kind that it began as


class _Slot(NamedTuple):
    """The kind and the place of a variable."""

    kind: str
    place: str


@cache
def _syntax(function: Callable[..., Any]) -> Any:
    return ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]


def inlined(code: Code, function: Callable[..., Any], arguments: list[Any]) -> Any:
    """Put the instructions of a call of `function` here; returned is its result."""
    body = _Body(code, function)
    for parameter, value in zip(_syntax(function).args.args, arguments, strict=True):
        body.assign_name(parameter.arg, value)
    body.statements(_syntax(function).body)
    code.begin(body.end)
    return body.read(body.result)


class _Body:
    """The body of one function on its way to instructions."""

    def __init__(self, code: Code, function: Callable[..., Any]):
        self.code, self._function = code, function
        self._names: dict[str, Any] = {}  # of variables: slots of numbers, and records and arrays themselves
        self.result: Any = None
        self.end = code.name()

    def read(self, kept: Any) -> Any:
        """The present value of what `keep` made."""
        if isinstance(kept, tuple) and not isinstance(kept, (_Slot, Record, Array)):
            return tuple(map(self.read, kept))
        return self.code.read(*kept) if isinstance(kept, _Slot) else kept

    def keep(self, value: Any, slot: Any = None) -> Any:
        """Store a value in a slot, a new one where there is none yet."""
        if isinstance(value, Scalar):
            slot = slot or _Slot(value.kind, self.code.slot(value.kind))
            if _WIDTHS[value.kind] > _WIDTHS[slot.kind]:
                raise TypeError(f"a variable that began as {slot.kind} becomes {value.kind}")
            self.code.write(self.code.cast(value, slot.kind), slot.place)
            return slot
        if isinstance(value, (Record, Array)):
            return value
        slots = slot if type(slot) is tuple and len(slot) == len(value) else [None] * len(value)
        return tuple([self.keep(*pair) for pair in zip(value, slots, strict=True)])

    def assign_name(self, name: str, value: Any) -> None:
        """Give a variable a value."""
        self._names[name] = self.keep(value, self._names.get(name))

    def statements(self, statements: list[Any]) -> None:
        """Put the instructions of statements."""
        for statement in statements:
            try:
                getattr(self, f"_of_{type(statement).__name__.lower()}")(statement)
            except (AttributeError, KeyError, TypeError, ValueError) as error:
                if getattr(error, "__notes__", None) is None:
                    place = f"{self._function.__name__}: {ast.unparse(statement).splitlines()[0]}"
                    error.add_note(f"cannot compile, in {place}")
                raise

    def _of_expr(self, node: Any) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring
            self.value(node.value)

    def _of_return(self, node: Any) -> None:
        if node.value:
            self.result = self.keep(self.value(node.value), self.result)
        self.code.branch(self.end)

    def _of_assign(self, node: Any) -> None:
        value = self.value(node.value)
        for target in node.targets:
            self._assign(target, value)

    def _of_augassign(self, node: Any) -> None:
        first, second = self.value(node.target), self.value(node.value)
        self._assign(node.target, self.code.arithmetic(_SIGNS[type(node.op)], first, second))

    def _assign(self, target: Any, value: Any) -> None:
        code = self.code
        if isinstance(target, ast.Name):
            self.assign_name(target.id, value)
        elif isinstance(target, ast.Attribute):
            code.store(*code.field(self.value(target.value), target.attr), value)
        elif isinstance(target, ast.Subscript):
            array = self.value(target.value)
            code.store(array.dtype, code.place(array, self.value(target.slice)), value)
        else:
            for part, number in zip(target.elts, value, strict=True):
                self._assign(part, number)

    def _of_if(self, node: Any) -> None:
        code, condition = self.code, self.value(node.test)
        then, otherwise, after = (code.name() for _ in range(3))
        code.branch_if(condition, then, otherwise)
        code.begin(then)
        self.statements(node.body)
        code.branch(after)
        code.begin(otherwise)
        self.statements(node.orelse)
        code.begin(after)

    def _of_for(self, node: Any) -> None:
        """Loops over a range; a step is positive, or a negative number as such."""
        code, bounds = self.code, [self.value(argument) for argument in node.iter.args]
        start, stop = bounds[:2] if len(bounds) > 1 else (constant(0), bounds[0])
        step = bounds[2] if len(bounds) > 2 else constant(1)
        counter, head, body, after = self.keep(start), code.name(), code.name(), code.name()
        code.begin(head)
        number = self.read(counter)
        code.branch_if(code.compare(">" if step.text.startswith("-") else "<", number, stop), body, after)
        code.begin(body)
        self._assign(node.target, number)
        self.statements(node.body)
        self.keep(code.arithmetic("+", number, step), counter)
        code.branch(head)
        code.begin(after)

    def value(self, node: Any) -> Any:
        """The value of an expression."""
        return getattr(self, f"_of_{type(node).__name__.lower()}")(node)

    def _of_constant(self, node: Any) -> Any:
        return constant(node.value)

    def _of_name(self, node: Any) -> Any:
        if node.id in self._names:
            return self.read(self._names[node.id])
        return constant(self._global(node))

    def _global(self, node: Any) -> Any:
        """What a name outside the function stands for."""
        if isinstance(node, ast.Attribute):
            return getattr(self._global(node.value), node.attr)
        known = self._function.__globals__
        return known[node.id] if node.id in known else known["__builtins__"][node.id]

    def _of_attribute(self, node: Any) -> Any:
        if ast.unparse(node).endswith(".ctypes.data"):
            array = self.value(node.value.value)
            return self.code.value(INT, f"ptrtoint ptr {array.address} to i64")
        if isinstance(node.value, ast.Name) and node.value.id not in self._names:
            return constant(self._global(node))
        return self.code.load(*self.code.field(self.value(node.value), node.attr))

    def _of_subscript(self, node: Any) -> Any:
        return self.code.element(self.value(node.value), self.value(node.slice))

    def _of_tuple(self, node: Any) -> Any:
        parts: list[Any] = []
        for part in node.elts:
            if isinstance(part, ast.Starred):
                parts += self.value(part.value)
            else:
                parts.append(self.value(part))
        return tuple(parts)

    def _of_binop(self, node: Any) -> Any:
        first, second = self.value(node.left), self.value(node.right)
        return self.code.arithmetic(_SIGNS[type(node.op)], first, second)

    def _of_unaryop(self, node: Any) -> Any:
        value = self.value(node.operand)
        if isinstance(node.op, ast.Not):
            return self.code.value(BOOL, f"xor {self.code.truth(value).typed}, true")
        if isinstance(node.operand, ast.Constant):
            return constant(-ast.literal_eval(node.operand))
        return self.code.arithmetic("-", constant(-0.0 if value.kind == NUMBER else 0), value)

    def _of_compare(self, node: Any) -> Any:
        (operator,), (second,) = node.ops, node.comparators
        return self.code.compare(_SIGNS[type(operator)], self.value(node.left), self.value(second))

    def _of_boolop(self, node: Any) -> Any:
        """What stands behind the first value is looked at only where that does not decide."""
        truth = self.keep(self.code.truth(self.value(node.values[0])))
        for other in node.values[1:]:
            known = self.read(truth)
            undecided = known if isinstance(node.op, ast.And) else self.code.value(BOOL, f"xor {known.typed}, true")
            with self.code.when(undecided):
                self.keep(self.code.truth(self.value(other)), truth)
        return self.read(truth)

    def _of_ifexp(self, node: Any) -> Any:
        """Both values are computed, so neither may have an effect or read what is not there."""
        return self.code.choose(self.value(node.test), self.value(node.body), self.value(node.orelse))

    def _of_call(self, node: Any) -> Any:
        if node.keywords:
            raise TypeError("arguments are given by their place")
        function, arguments = self._global(node.func), [self.value(argument) for argument in node.args]
        if function in BUILTINS:
            return BUILTINS[function](self.code, *arguments)
        if function in (call, call_for_number):
            return self.code.call(NUMBER if function is call_for_number else None, *arguments)
        return inlined(self.code, getattr(function, "python", function), arguments)
