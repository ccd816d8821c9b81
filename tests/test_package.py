"""What `import nonlin` loads, and that one file is enough for a new activation."""

import subprocess
import sys

import pytest

import nonlin as nl

HEAVY = ("numba", "llvmlite", "sklearn", "scipy", "pandas", "matplotlib", "torch", "jax", "typer", "rich", "mpmath")


def _run(code: str, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, **options)


def test_import_loads_numpy_and_nothing_heavier():
    code = f"import sys, nonlin; print([name for name in {HEAVY!r} if name in sys.modules])"
    assert _run(code).stdout.strip() == "[]"


def test_listing_and_describing_stay_light():
    code = f"""
import sys, nonlin as nl
nl.activations(), nl.losses(), nl.gelu.formula, nl.gelu.trainable, nl.get("swish").parameters
print([name for name in {HEAVY!r} if name in sys.modules])
"""
    assert _run(code).stdout.strip() == "[]"


def test_an_unknown_attribute_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'gleu'"):
        _ = nl.gleu


DEFINITION = '''
"""A new activation: this file is all there is to write."""

import nonlin as nl
from nonlin.primitives import exp


@nl.activation(aliases=("gauss",), range=(0, 1), derivative_limits=(0, 0), reference="a test")
def bell_curve(x, *, width=1.0):
    """exp of minus x squared over the width."""
    return exp(-x * x / width)


@bell_curve.derivative
def _(x, *, width=1.0):
    return -2 * (x / width * exp(-x * x / width))
'''

EVERYWHERE = """
import sys
import numpy as np
import nonlin as nl
import new_activation
from nonlin.backends.numpy.functions import ufunc
from nonlin.nn import MLPClassifier
from nonlin.testing import check_activation

bell = nl.get("gauss")
assert isinstance(ufunc(bell, "value"), np.ufunc)
check_activation(bell, points=200)
assert abs(bell(1.0, width=2.0) - np.exp(-0.5)) < 1e-16
assert bell.value_and_derivative(np.ones(3, np.float32))[1].dtype == np.float32
assert 0 < bell.gain < 10

random = np.random.default_rng(0)
X = random.normal(size=(90, 3)).astype(np.float32)
y = (X[:, 0] ** 2 > 0.5).astype(int)
result = nl.compare(MLPClassifier((8,), max_iter=3), X, y, values=["relu", "gauss"], repeats=2, folds=2)
assert set(result.table().index) == {"relu", "gauss"}
print("everywhere")
"""


def test_a_new_activation_touches_one_file(tmp_path):
    (tmp_path / "new_activation.py").write_text(DEFINITION)
    assert _run(EVERYWHERE, cwd=tmp_path).stdout.strip() == "everywhere"
    for arguments in (["list"], ["show", "bell_curve"], ["plot", "bell_curve", "relu", "-o", "plot.svg"]):
        command = [sys.executable, "-m", "nonlin", *arguments, "--import", "new_activation"]
        output = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        if arguments[0] != "plot":
            assert "bell_curve" in output
    assert "bell_curve" in (tmp_path / "plot.svg").read_text()
    assert [path.name for path in tmp_path.glob("*.py")] == ["new_activation.py"]


def test_a_wrong_derivative_of_a_users_function_is_found():
    from nonlin.definition import registry
    from nonlin.primitives import exp
    from nonlin.testing import check_activation

    @nl.activation(range=(0, 1), derivative_limits=(0, 0))
    def wrong_bell(x):
        return exp(-x * x)

    @wrong_bell.derivative
    def _(x):
        return -x * exp(-x * x)

    try:
        with pytest.raises(
            AssertionError, match=r"derivative of wrong_bell at -?\d.* by differences, but its formula gives"
        ):
            check_activation(wrong_bell)
    finally:
        registry.activations.remove("wrong_bell")


def test_a_wrong_fact_is_found():
    from nonlin.definition import registry
    from nonlin.primitives import tanh
    from nonlin.testing import check_activation

    @nl.activation(range=(0, 1), monotone=True)
    def wrong_range(x):
        return tanh(x)

    @wrong_range.derivative
    def _(x):
        return 1 - tanh(x) ** 2

    try:
        with pytest.raises(AssertionError, match=r"range is declared as \[0, 1\]"):
            check_activation(wrong_range)
    finally:
        registry.activations.remove("wrong_range")


def test_the_example_of_the_contributors_guide_passes_its_check():
    from pathlib import Path

    from nonlin.definition import activation
    from nonlin.testing import check_activation

    guide = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text()
    example = guide.split("```python\n")[1].split("```")[0]
    names = {"activation": activation, "inf": float("inf"), "tanh": nl.tanh, "__name__": __name__}
    exec(compile(example, "<example>", "exec"), names)
    check_activation(names["lisht"], points=300)


def test_the_loss_of_the_contributors_guide_passes_its_check():
    from pathlib import Path

    from nonlin.definition import registry
    from nonlin.primitives import sqrt
    from nonlin.testing import check_loss

    guide = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8")
    example = guide.split("```python\n")[2].split("```")[0]
    names = {"loss_definition": nl.loss_definition, "Parameter": nl.Parameter, "sqrt": sqrt, "__name__": __name__}
    try:
        exec(compile(example, "<example>", "exec"), names)
        check_loss(names["charbonnier"], points=300)
    finally:
        registry.losses.remove("charbonnier")
