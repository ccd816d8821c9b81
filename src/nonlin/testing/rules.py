"""The rules that the source of a formula must keep, so that every backend can compute it."""

from __future__ import annotations

import ast
import builtins
import inspect
from collections.abc import Callable
from types import FunctionType, ModuleType
from typing import Any

from ..definition import Definition
from ..definition.activation import Derivative
from ..definition.constants import DIGITS
from ..definition.expression import Expression
from ..definition.primitives import PRIMITIVES
from ..source import statements, syntax_tree


def broken_rules(function: Callable[..., Any], callers: tuple[Any, ...] = ()) -> list[str]:
    """What the source of a formula does that a definition may not, a sentence each; empty when it keeps the rules.

    Allowed: assignments and one final return over arithmetic, comparisons, whole numbers, short published decimals,
    primitives, named constants, other definitions, and functions that keep these rules themselves.
    """
    tree = syntax_tree(function)
    if tree is None:
        return []
    broken = []
    *assignments, last = statements(tree)
    if not isinstance(last, ast.Return):
        broken.append("it must end with return")
    broken += [
        f"line {s.lineno}: only assignments before the return" for s in assignments if not isinstance(s, ast.Assign)
    ]
    local = {argument.arg for argument in (*tree.args.args, *tree.args.posonlyargs, *tree.args.kwonlyargs)}
    for statement in assignments:
        local |= {
            node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }
    known = inspect.getclosurevars(function)
    names = {**function.__globals__, **known.nonlocals}
    for statement in statements(tree):
        for node in ast.walk(statement):
            problem = _problem(node, local, names, (*callers, function))
            if problem:
                broken.append(f"line {getattr(node, 'lineno', 0)}: {problem}")
    return broken


_ALLOWED = (
    ast.Assign, ast.Return, ast.Name, ast.Load, ast.Store, ast.Constant, ast.Tuple, ast.Attribute, ast.Call,
    ast.keyword, ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.UnaryOp, ast.USub, ast.Compare,
    ast.Lt, ast.LtE, ast.Gt, ast.GtE,
)  # fmt: skip


def _problem(node: ast.AST, local: set[str], known: dict[str, Any], callers: tuple[Any, ...]) -> str:
    if isinstance(node, ast.Eq | ast.NotEq):
        return "== and != look at identity; compare with <, <=, > or >="
    if not isinstance(node, _ALLOWED):
        return f"{type(node).__name__} is not straight-line code over the primitives"
    if isinstance(node, ast.Constant):
        return _number_problem(node.value)
    if isinstance(node, ast.Attribute) or (isinstance(node, ast.Name) and node.id not in local):
        text, value = ast.unparse(node), _resolved(node, known)
        if _permitted(value):
            return ""
        if isinstance(value, FunctionType):
            broken = ["it calls itself"] if value in callers else broken_rules(value, callers)
            return f"in {text}, {broken[0]}" if broken else ""
        return f"{text} is no primitive, constant or definition"
    return ""


def _resolved(node: ast.AST, known: dict[str, Any]) -> Any:
    """What a name or a dotted name stands for."""
    if isinstance(node, ast.Attribute):
        return getattr(_resolved(node.value, known), node.attr, None)
    return known.get(node.id, getattr(builtins, node.id, None)) if isinstance(node, ast.Name) else None


def _number_problem(value: Any) -> str:
    if isinstance(value, float) and len(repr(value).replace("-", "").replace(".", "").strip("0")) > 7:
        return f"{value!r} looks like a rounded irrational: use a named constant"
    return "" if isinstance(value, (int, float)) else f"{value!r} is not a number"


def _permitted(value: Any) -> bool:
    if isinstance(value, Definition | Derivative | ModuleType) or value is abs:
        return True  # a module is judged by what is taken from it
    if isinstance(getattr(value, "__self__", None), Definition):
        return True  # the gradient of another loss
    if isinstance(value, Expression):
        return value.operation == "constant" and value.value in DIGITS
    return value in PRIMITIVES
