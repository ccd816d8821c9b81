"""What the README promises: its Python runs, its commands exist, and CI can find the test command."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from nonlin.cli.app import app

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


@pytest.mark.slow
def test_the_python_runs(tmp_path):
    (tmp_path / "readme.py").write_text("\n".join(blocks("python")), encoding="utf-8")
    command = [sys.executable, "readme.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "relu" in done.stdout
    assert (tmp_path / "report.html").stat().st_size > 10_000


def test_the_activation_of_the_readme_is_one_file(tmp_path):
    (tmp_path / "readme_bump.py").write_text("import nonlin as nl\n" + blocks("python")[-1], encoding="utf-8")
    command = [sys.executable, "-m", "nonlin", "show", "bump", "--import", "readme_bump.py"]
    assert subprocess.check_output(command, cwd=tmp_path, text=True).startswith("bump: exp of minus x squared")


def test_every_command_is_one_that_the_program_knows():
    commands = [line.partition("#")[0] for block in blocks("bash") for line in block.splitlines()]
    ours = [shlex.split(line)[1:] for line in commands if line.startswith("nonlin ")]
    assert len(ours) > 4
    group = typer.main.get_command(app)
    for arguments in ours:
        subcommand = group.commands[arguments[0]]
        subcommand.make_context(arguments[0], arguments[1:], resilient_parsing=False)


def test_every_measured_claim_has_a_benchmark_that_is_there():
    commands = re.findall(r"\| `python (\S+)` \|", README)
    assert len(commands) > 4
    assert all((ROOT / command).is_file() for command in commands)


def test_nothing_is_left_to_be_filled_in():
    assert "TODO" not in README
    addresses = re.findall(r"\]\(([^)\s]+)\)", README)
    assert any(address.endswith(".png") for address in addresses)
    files = [address.partition("#")[0] for address in addresses if "://" not in address]
    assert [file for file in files if not (ROOT / file).is_file()] == []


def test_continuous_integration_finds_the_test_command():
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    extraction = re.search(r"test_command=\$\((.*)\)", script)
    found = subprocess.run(
        ["bash", "-c", extraction[1]], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.strip()
    assert found.startswith("python3 -m venv .venv && ")
    assert found.endswith("pytest -n 2")
    assert f"```bash\n{found}\n```" in README
