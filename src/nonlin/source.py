"""The source of a function: its syntax tree, and its body as text."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Collection
from pathlib import Path
from traceback import extract_tb
from types import FunctionType
from typing import Any


def syntax_tree(function: Callable[..., Any]) -> ast.FunctionDef | None:
    """The syntax tree of a function, or None where its source is gone (typed at a prompt)."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    except (OSError, TypeError, SyntaxError):
        return None
    return next((node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)), None)


def statements(tree: ast.FunctionDef) -> list[ast.stmt]:
    """The statements of a function below its docstring."""
    documented = bool(tree.body) and isinstance(tree.body[0], ast.Expr) and isinstance(tree.body[0].value, ast.Constant)
    return tree.body[1:] if documented else tree.body


def formula_text(function: Callable[..., Any], known: Collection[Callable[..., Any]] = ()) -> str:
    """The body of a formula: its assignments and its result, a line each; then the functions in it that are not known.

    >>> import nonlin as nl
    >>> nl.silu.formula
    'x * sigmoid(x)'
    """
    shown, lines = [function], _body(function)
    for caller in shown:  # it grows
        for helper in _called(caller):
            if helper not in (*known, *shown):
                shown.append(helper)
                lines.append(f"with {helper.__name__}{inspect.signature(helper)}:")
                lines += [f"    {line}" for line in _body(helper)]
    return "\n".join(lines)


def failed_line(error: BaseException) -> str:
    """Where a formula failed, in parentheses: the last line on the error's way that is not of the mechanism itself.

    Nothing where the mechanism refused what the formula gave.
    """
    mechanism = Path(__file__).parent / "definition"
    frames = [frame for frame in extract_tb(error.__traceback__) if Path(frame.filename).parent != mechanism]
    if not frames:
        return ""
    place = f"line {frames[-1].lineno} of {Path(frames[-1].filename).name}"
    return f" ({place}: {frames[-1].line})" if frames[-1].line else f" ({place})"


def _body(function: Callable[..., Any]) -> list[str]:
    tree = syntax_tree(function)
    if tree is None:
        return ["(source not available)"]
    shown = [s.value if isinstance(s, ast.Return) else s for s in statements(tree)]
    return [ast.unparse(statement) if statement else "" for statement in shown]


def _called(function: Callable[..., Any]) -> list[FunctionType]:
    """The plain functions that the body of a function names, in the order of their names there."""
    tree = syntax_tree(function)
    nodes = [node for statement in statements(tree) for node in ast.walk(statement)] if tree else []
    named = [node for node in nodes if isinstance(node, ast.Name)]
    assigned = {node.id for node in named if isinstance(node.ctx, ast.Store)}  # such as _, which modules have too
    names = dict.fromkeys(node.id for node in named if node.id not in assigned)
    values = map(getattr(function, "__globals__", {}).get, names)
    return [value for value in values if isinstance(value, FunctionType)]
