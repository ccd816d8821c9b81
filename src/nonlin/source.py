"""The source of a function: its syntax tree, and its body as text."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
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


def formula_text(function: Callable[..., Any]) -> str:
    """The body of a formula: its assignments and its result, a line each.

    >>> import nonlin as nl
    >>> nl.silu.formula
    'x * sigmoid(x)'
    """
    tree = syntax_tree(function)
    if tree is None:
        return "(source not available)"
    lines = []
    for statement in statements(tree):
        shown = statement.value if isinstance(statement, ast.Return) else statement
        lines.append(ast.unparse(shown) if shown else "")
    return "\n".join(lines)
