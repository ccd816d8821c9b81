"""Import a user's own module, so that the activations it defines are registered."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import traceback
from pathlib import Path
from types import ModuleType

from nonlin.errors import InputError


def import_modules(modules: list[str] | None) -> list[str] | None:
    """Import each of `modules`, a dotted name or the path of a .py file; raise InputError for one that fails."""
    for module in modules or []:
        try:
            _import(module)
        except Exception as error:
            raise InputError(f"--import {module!r} failed: {_describe(error)}") from error
    return modules


def _import(module: str) -> ModuleType:
    if module.endswith(".py"):
        return _import_file(Path(module))
    here = str(Path.cwd())
    if here not in sys.path:  # a program's search path lacks the current folder, a user's module is often there
        sys.path.insert(0, here)
    return importlib.import_module(module)


def _import_file(path: Path) -> ModuleType:
    path = path.resolve()
    loaded = sys.modules.get(path.stem)
    if loaded is not None and getattr(loaded, "__file__", None) == str(path):
        return loaded
    if not path.is_file():
        raise InputError("there is no such file; expected a module's name or the path of a .py file")
    if loaded is not None or path.stem in sys.stdlib_module_names:
        raise InputError(f"a module {path.stem!r} is there already; give the file another name")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[path.stem]
        raise
    return module


def _describe(error: Exception) -> str:
    if isinstance(error, InputError):
        return str(error)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = "" if "importlib" in frame.filename else f" ({Path(frame.filename).name}, line {frame.lineno})"
    return f"{type(error).__name__}: {error}{place}"
