"""Running the program: in this process where only its words matter, in one of its own where the process matters."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from nonlin.cli import main


class Result(NamedTuple):
    code: int
    out: str
    err: str


@pytest.fixture
def nonlin(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Result]:
    """Run a command in this process, in an empty folder; columns are wide, so that help is not wrapped oddly."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "120")

    def run(*arguments: object) -> Result:
        capsys.readouterr()
        code = main([str(argument) for argument in arguments])
        return Result(code, *capsys.readouterr())

    return run


@pytest.fixture
def program(tmp_path: Path) -> Callable[..., Result]:
    """Run a command as a user does, in a process of its own and an empty folder."""

    def run(*arguments: object) -> Result:
        command = [sys.executable, "-m", "nonlin", *map(str, arguments)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
        return Result(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def refused(nonlin: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Run a command that must be refused, in one or two lines and with nothing written; gives what is said."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # what Python keeps beside an imported module is not meant

    def run(*arguments: object) -> str:
        before = set(tmp_path.rglob("*"))
        result = nonlin(*arguments)
        lines = result.err.splitlines()
        assert result.code == 2
        assert 1 <= len(lines) <= 2
        assert all(line.startswith("nonlin: ") for line in lines)
        assert "not foreseen" not in result.err
        assert set(tmp_path.rglob("*")) == before
        return result.err

    return run
