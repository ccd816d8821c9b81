"""A formula as text, and the rules that a formula's source must keep."""

from __future__ import annotations

import ast
import builtins
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

from .constants import DIGITS
from .expression import Expression
from .primitives import PRIMITIVES
from .records import Definition


def _tree(function: Callable[..., Any]) -> ast.FunctionDef | None:
    """The syntax tree of a function, or None where its source is gone (typed at a prompt)."""
    try:
        source = textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError):
        return None
    return next((node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)), None)


def _body(tree: ast.FunctionDef) -> list[ast.stmt]:
    documented = bool(tree.body) and isinstance(tree.body[0], ast.Expr) and isinstance(tree.body[0].value, ast.Constant)
    return tree.body[1:] if documented else tree.body


def formula_text(function: Callable[..., Any]) -> str:
    """The body of a formula: its assignments and its result, a line each.

    >>> import nonlin as nl
    >>> nl.silu.formula
    'x * sigmoid(x)'
    """
    tree = _tree(function)
    if tree is None:
        return "(source not available)"
    lines = []
    for statement in _body(tree):
        shown = statement.value if isinstance(statement, ast.Return) else statement
        lines.append(ast.unparse(shown) if shown else "")
    return "\n".join(lines)


def broken_rules(function: Callable[..., Any]) -> list[str]:
    """What the source of a formula does that a definition may not, a sentence each; empty when it keeps the rules.

    Allowed: assignments and one final return over arithmetic, comparisons, whole numbers, short published decimals,
    primitives, named constants and other definitions.
    """
    tree = _tree(function)
    if tree is None:
        return []
    broken = []
    *assignments, last = _body(tree)
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
    for statement in _body(tree):
        for node in ast.walk(statement):
            problem = _problem(node, local, names)
            if problem:
                broken.append(f"line {getattr(node, 'lineno', 0)}: {problem}")
    return broken


_ALLOWED = (
    ast.Assign, ast.Return, ast.Name, ast.Load, ast.Store, ast.Constant, ast.Tuple, ast.Attribute, ast.Call,
    ast.keyword, ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.UnaryOp, ast.USub, ast.Compare,
    ast.Lt, ast.LtE, ast.Gt, ast.GtE,
)  # fmt: skip


def _problem(node: ast.AST, local: set[str], known: dict[str, Any]) -> str:
    if not isinstance(node, _ALLOWED):
        return f"{type(node).__name__} is not straight-line code over the primitives"
    if isinstance(node, ast.Constant):
        return _number_problem(node.value)
    if isinstance(node, ast.Name) and node.id not in local:
        return "" if _permitted(known.get(node.id, getattr(builtins, node.id, None))) else f"{node.id} is no primitive"
    return ""


def _number_problem(value: Any) -> str:
    if isinstance(value, float) and len(repr(value).replace("-", "").replace(".", "").strip("0")) > 7:
        return f"{value!r} looks like a rounded irrational: use a named constant"
    return "" if isinstance(value, (int, float)) else f"{value!r} is not a number"


def _permitted(value: Any) -> bool:
    if isinstance(value, Definition) or value is abs:
        return True
    if isinstance(value, Expression):
        return value.operation == "constant" and value.value in DIGITS
    return getattr(value, "__name__", None) in PRIMITIVES
