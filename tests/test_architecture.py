"""Data flows one way, and nothing grows beyond what can be read at once."""

import ast
from pathlib import Path

import pytest

import nonlin

PACKAGE = Path(nonlin.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
# Each part may import those before it; parts on one line do not know each other.
ORDER = [
    {"errors"},
    {"documentation", "signature", "source"},
    {"definition"},
    {"facts"},
    {"primitives", "activations"},
    {"losses"},
    {"testing", "backends"},
    {"nn"},
    {"study", "diagnostics"},
    {"visualization"},
    {"cli"},
]
RANK = {part: rank for rank, parts in enumerate(ORDER) for part in parts}


def _part(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _imported(path: Path) -> set[str]:
    """The parts of the package that a module imports when it is loaded."""
    parts = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.ImportFrom):
            base = path.relative_to(PACKAGE).parent.parts
            above = base[: len(base) - node.level + 1] if node.level else ()
            module = ".".join([*above, *((node.module or "").split("."))]) if node.level else (node.module or "")
            module = module if node.level else module.removeprefix("nonlin.") if module.startswith("nonlin.") else ""
            parts |= {module.split(".")[0]} if module.strip(".") else set()
            if node.level and not above and not node.module:
                parts |= {name.name for name in node.names}
    return parts & set(RANK)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_what_comes_before(path):
    part = _part(path)
    if part not in RANK:
        return  # the package's own __init__ and __main__ gather everything
    later = {other for other in _imported(path) - {part} if RANK[other] >= RANK[part]}
    assert not later, f"{part} must not import {sorted(later)}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_files_and_functions_stay_readable(path):
    text = path.read_text()
    assert text.count("\n") <= 500
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            documented = len((ast.get_docstring(node) or "").splitlines())
            assert node.end_lineno - node.lineno + 1 - documented <= 80, node.name


def test_the_mechanism_stays_small():
    """Fewer than 700 lines of code, docstrings and blank lines not counted."""
    assert sum(_code_lines(path) for path in (PACKAGE / "definition").glob("*.py")) < 700


def _code_lines(path: Path) -> int:
    tree = ast.parse(path.read_text())
    documented = sum(
        node.body[0].end_lineno - node.body[0].lineno + 1
        for node in ast.walk(tree)
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef)) and ast.get_docstring(node)
    )
    lines = [line.strip() for line in path.read_text().splitlines()]
    return sum(bool(line) and not line.startswith("#") for line in lines) - documented
