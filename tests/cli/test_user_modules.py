"""`--import`: an activation of the user's own is known wherever a name is taken."""

from __future__ import annotations

import sqlite3

import pytest

BUMP = '''
import nonlin as nl
from nonlin.primitives import exp


@nl.activation(range=(0, 1), aliases=("bell_{name}",))
def {name}(x):
    """exp of minus x squared: a bell."""
    return exp(-x * x)


@{name}.derivative
def _(x):
    return -2 * x * exp(-x * x)
'''


@pytest.fixture
def module(tmp_path):
    """Write a module that defines an activation of a given name."""

    def write(name: str) -> str:
        (tmp_path / f"own_{name}.py").write_text(BUMP.replace("{name}", name))
        return f"own_{name}"

    return write


def test_a_module_in_the_current_folder(program, module):
    result = program("list", "--import", module("bump"))
    assert result.code == 0
    assert "exp of minus x squared" in next(line for line in result.out.splitlines() if line.startswith("bump "))


def test_a_file_and_the_option_before_the_command(program, module, tmp_path):
    name = module("bump")
    (tmp_path / "folder").mkdir()
    (tmp_path / f"{name}.py").rename(tmp_path / "folder" / f"{name}.py")
    result = program("--import", f"folder/{name}.py", "show", "bell_bump", "-o", "bump.svg")
    assert result.code == 0
    assert result.out.startswith("bump: exp of minus x squared")
    assert (tmp_path / "bump.svg").stat().st_size > 1000


def test_one_without_a_derivative_cannot_be_trained(program, module, tmp_path):
    (tmp_path / f"{module('bump')}.py").write_text(BUMP.replace("{name}", "bump").partition("@bump.derivative")[0])
    result = program("compare", "iris", "--import", "own_bump", "--activations", "relu,bump")
    assert result.code == 2
    assert result.err == "nonlin: activation 'bump' has no derivative; define it with @bump.derivative\n"


def test_one_with_a_wrong_derivative_is_refused(program, module, tmp_path):
    own = tmp_path / f"{module('bump')}.py"
    own.write_text(own.read_text().replace("return -2 *", "return 2 *"))
    result = program("compare", "iris", "--import", "own_bump", "--activations", "relu,bump")
    assert result.code == 2
    assert result.err.startswith("nonlin: activation 'bump' has a wrong derivative: at x = ")
    assert program("show", "bump", "--import", "own_bump").code == 0  # the picture may help to find the mistake


@pytest.mark.slow
def test_a_store_knows_an_activation_by_its_formula(program, module, tmp_path):
    name = module("bump")
    command = (
        *("compare", "iris", "--import", name, "--activations", "relu,bell_bump", "--no-report"),
        *("--repeats", 2, "--folds", 2, "--epochs", 3),
    )
    before = _ranking(program(*command, "--store", "study.db").out)
    own = tmp_path / f"{name}.py"
    own.write_text(
        own.read_text().replace("-x * x", "-2 * x * x").replace("return -2 * x * exp", "return -4 * x * exp")
    )
    after = _ranking(program(*command, "--store", "study.db").out)
    assert after == _ranking(program(*command).out)
    assert after["bump"] != before["bump"]
    with sqlite3.connect(tmp_path / "study.db") as store:
        counted = dict(store.execute("SELECT arm, count(*) FROM runs GROUP BY arm, value HAVING count(*) = 4"))
        assert counted == {"relu": 4, "bump": 4}
        assert store.execute("SELECT count(*) FROM runs").fetchone() == (12,)  # relu's were not trained again
    store.close()


def _ranking(out):
    return {line.split()[0]: line for line in out.splitlines() if line.startswith(("relu ", "bump "))}


@pytest.mark.slow
def test_in_a_comparison(program, module, tmp_path):
    result = program(
        *("compare", "iris", "--import", module("bump"), "--activations", "relu,bump"),
        *("--repeats", 2, "--folds", 2, "--epochs", 3),
    )
    assert result.code == 0, result.err
    assert any(line.startswith("bump ") for line in result.out.splitlines())
    assert "bump" in (tmp_path / "nonlin-report.html").read_text()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("no_such_module", None, "no_such_module"),
        ("missing.py", None, "no such file"),
        ("broken.py", "x = (", "broken.py"),
        ("faulty.py", "\n\nundefined_name", "line 3"),
        ("json.py", "", "give the file another name"),
        ("thief.py", BUMP.replace("{name}", "relu"), "'relu' is taken"),
    ],
)
def test_a_module_that_cannot_be_imported_is_refused(refused, tmp_path, name, content, said):
    if content is not None:
        (tmp_path / name).write_text(content)
    error = refused("list", "--import", name)
    assert name in error
    assert said in error
