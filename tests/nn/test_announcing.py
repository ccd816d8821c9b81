"""The line about compiling: once in a process, where kernels are compiled that take long."""

import itertools

import pytest

import nonlin as nl
from nonlin.backends.numpy import jit
from nonlin.definition.primitives import exp
from nonlin.nn import MLPRegressor, announcing
from nonlin.nn.announcing import announced_compilation

LINE = "Compiling for this machine, which is needed once ...\n"
names = itertools.count()


@pytest.fixture(autouse=True)
def new_process(monkeypatch, tmp_path):
    """As in a process that has compiled for long and has said nothing yet, on a machine without a cache."""
    monkeypatch.setattr(announcing, "_announced", False)
    monkeypatch.setattr(jit, "_spent", 60.0)
    monkeypatch.setenv("NONLIN_CACHE_DIR", str(tmp_path))


def compile_something():
    """A function that no other process or test has compiled."""
    text = f"define i64 @f() {{\n  ret i64 {next(names)}\n}}"
    jit.compile_ir(text, "f")
    return text


def test_only_what_is_watched_is_announced_and_only_once(capsys):
    compile_something()
    assert capsys.readouterr().err == ""
    with announced_compilation():
        assert capsys.readouterr().err == ""
        compile_something()
        compile_something()
    assert capsys.readouterr().err == LINE


def test_what_is_compiled_already_or_takes_no_time_is_not_announced(capsys, monkeypatch):
    text = compile_something()
    monkeypatch.setattr(jit, "_engines", {})  # as in another process, with a cache on disk
    with announced_compilation():
        jit.compile_ir(text, "f")
        monkeypatch.setattr(jit, "_spent", 0.0)
        compile_something()
    assert capsys.readouterr().err == ""
    assert 0 < jit._spent < 1


def test_a_fit_announces_it(capsys):
    @nl.activation(range=(0, 1))
    def hill(x):
        """exp(-x^2 / 3): nobody else's."""
        return exp(-x * x / 3)

    @hill.derivative
    def _(x):
        return -2 * x * exp(-x * x / 3) / 3

    MLPRegressor(hidden_layer_sizes=(2,), activation=hill, solver="lbfgs", tol=10.0).fit([[0.0], [1.0]], [0.0, 1.0])
    assert capsys.readouterr().err == LINE
