"""What other libraries get wrong in piecewise and shrinking functions: right here, and shown to be wrong there.

A failure is measured again wherever its library is installed, so that the day it is mended is noticed.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest

import nonlin as nl
from nonlin.testing import exact_values, ulp_error

NAN, INF = float("nan"), float("inf")
f4, f8 = np.float32, np.float64


class Failure(NamedTuple):
    """A library's wrong result; `right` is the limit at an infinity, else 50-digit arithmetic knows it."""

    library: str
    activation: str
    part: str  # "value" or "derivative"
    x: Any  # a NumPy number: its dtype counts
    wrong: float | None  # what the library gives; None where that depends on the processor
    formula: Callable[..., Any] | None = None  # in torch: of (torch, F, x); in jax: of (numpy, nn, x); None: not run
    right: float | None = None
    parameters: dict[str, float] = {}  # noqa: RUF012, never changed

    def __str__(self) -> str:
        return f"{self.library}: {self.activation} {self.part} at {self.x!r} is {self.wrong}"


FAILURES = [
    # x * relu6(x + 3) / 6 overflows before the division, and is infinity times zero at minus infinity.
    Failure("torch", "hardswish", "value", f4(6e37), INF, lambda torch, F, x: F.hardswish(x)),
    Failure("torch", "hardswish", "value", f8(3.4e307), INF, lambda torch, F, x: F.hardswish(x)),
    Failure("torch", "hardswish", "value", f4(-INF), NAN, lambda torch, F, x: F.hardswish(x), 0),
    Failure("jax", "hardswish", "value", f4(-INF), NAN, lambda np, nn, x: nn.hard_swish(x), 0),
    Failure("onnxruntime", "hardswish", "value", f4(-INF), NAN, right=0),
    Failure("timm", "hard_mish", "value", f4(-INF), NAN, lambda torch, F, x: 0.5 * x * (x + 2).clamp(0, 2), 0),
    # (x + 3) / 6 as x / 6 + 0.5, which cancels near -3.
    Failure("onnxruntime", "hardsigmoid", "value", np.nextafter(f4(-3), f4(0)), None),
    Failure("onnxruntime", "hardswish", "value", np.nextafter(f4(-3), f4(0)), None),
    # The slope 1 / 6 as a float32 constant.
    Failure("torch", "hardsigmoid", "derivative", f8(0.5), float(f4(1 / 6)), lambda torch, F, x: F.hardsigmoid(x)),
    # x - tanh(x) cancels.
    Failure("torch", "tanhshrink", "value", f4(3.48e-4), 0, lambda torch, F, x: F.tanhshrink(x)),
    Failure("torch", "tanhshrink", "value", f4(-1e-4), 0, lambda torch, F, x: F.tanhshrink(x)),
    Failure("jax", "tanhshrink", "value", f4(4.4e-4), None, lambda np, nn, x: x - np.tanh(x)),
    Failure("numpy", "tanhshrink", "value", f4(3e-4), None, lambda x: x - np.tanh(x)),
    # Infinity times the slope 0.
    Failure("torch", "leaky_relu", "value", f4(-INF), NAN, lambda torch, F, x: F.leaky_relu(x, 0.0), 0,
            {"negative_slope": 0.0}),
    Failure("jax", "leaky_relu", "value", f4(-INF), NAN, lambda np, nn, x: nn.leaky_relu(x, 0.0), 0,
            {"negative_slope": 0.0}),
    Failure("torch", "prelu", "value", f4(-INF), NAN, lambda torch, F, x: F.prelu(x, torch.zeros(())), 0,
            {"weight": 0.0}),
    # A square and its cancelled overflow in the branch that is not chosen.
    *(Failure("jax", "sparse_plus", "derivative", f4(x), NAN, lambda np, nn, x: nn.sparse_plus(x), float(x > 0))
      for x in (-INF, -3e38, 3e38, INF)),
    # Subnormal numbers are taken for zero.
    Failure("jax", "relu", "derivative", f4(1e-40), 0, lambda np, nn, x: nn.relu(x)),
    Failure("jax", "leaky_relu", "derivative", f4(-1e-40), 1, lambda np, nn, x: nn.leaky_relu(x)),
    # A derivative at NaN that hides it.
    Failure("onnxruntime", "shrink", "value", f4(NAN), 0, right=NAN),
    *(Failure("torch", name, "derivative", f4(NAN), 1, lambda torch, F, x, name=name: getattr(F, name)(x), NAN)
      for name in ("relu", "relu6", "hardtanh", "hardswish", "hardshrink", "softshrink")),
    Failure("torch", "threshold", "derivative", f4(NAN), 1, lambda torch, F, x: F.threshold(x, 0, 0), NAN),
    Failure("torch", "hardsigmoid", "derivative", f4(NAN), 0, lambda torch, F, x: F.hardsigmoid(x), NAN),
    Failure("torch", "leaky_relu", "derivative", f4(NAN), 0.01, lambda torch, F, x: F.leaky_relu(x), NAN),
    Failure("torch", "prelu", "derivative", f4(NAN), 0.25, lambda torch, F, x: F.prelu(x, torch.full((), 0.25)), NAN),
    Failure("torch", "rrelu", "derivative", f4(NAN), 11 / 48, lambda torch, F, x: F.rrelu(x), NAN),
    Failure("jax", "relu", "derivative", f4(NAN), 0, lambda np, nn, x: nn.relu(x), NAN),
    Failure("jax", "relu6", "derivative", f4(NAN), 0, lambda np, nn, x: nn.relu6(x), NAN),
    Failure("jax", "hardsigmoid", "derivative", f4(NAN), 0, lambda np, nn, x: nn.hard_sigmoid(x), NAN),
    Failure("jax", "hardtanh", "derivative", f4(NAN), 1, lambda np, nn, x: nn.hard_tanh(x), NAN),
    Failure("jax", "leaky_relu", "derivative", f4(NAN), 0.01, lambda np, nn, x: nn.leaky_relu(x), NAN),
]  # fmt: skip


def error(failure: Failure, got: Any) -> float:
    """How far a result is from the right one, in units in the last place."""
    if failure.right is not None:
        return 0.0 if np.array_equal(got, failure.right, equal_nan=True) else INF
    part = "definition" if failure.part == "value" else failure.part
    exact = exact_values(nl.get(failure.activation), part, failure.x, parameters=failure.parameters)
    return float(ulp_error(np.asarray(got, failure.x.dtype), exact))


@pytest.mark.parametrize("failure", FAILURES, ids=str)
def test_it_is_right_here(failure):
    record = nl.get(failure.activation)
    function = record if failure.part == "value" else record.derivative
    got = function(failure.x, **failure.parameters)
    assert got.dtype == failure.x.dtype
    assert error(failure, got) <= 1


@pytest.mark.parametrize("failure", [failure for failure in FAILURES if failure.formula], ids=str)
def test_it_is_wrong_there(failure, request):
    if failure.library == "numpy":
        got = failure.formula(failure.x)
    else:
        library = request.getfixturevalue({"timm": "torch"}.get(failure.library, failure.library))
        got = library(failure.formula, failure.x)[failure.part == "derivative"]
    assert error(failure, got) > 4, "mended: drop this failure, and what the documentation says of it"
    if failure.wrong is not None:
        np.testing.assert_allclose(got, failure.wrong, rtol=1e-6)


def test_relu_keeps_the_sign_of_zero_that_jax_loses(jax):
    assert np.signbit(nl.relu(f4(-0.0)))
    assert not np.signbit(jax(lambda np, nn, x: nn.relu(x), f4(-0.0))[0])
