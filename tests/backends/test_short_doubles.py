"""Functions of few terms against 50 digits, and the sums of which nothing is left."""

import ctypes

import mpmath
import numpy as np
import pytest
from mpmath import mp

import nonlin as nl
from nonlin.backends.numpy import short_doubles
from nonlin.backends.numpy.emitter import Emitter
from nonlin.backends.numpy.fast_forms import FastForm, has_fast_form
from nonlin.backends.numpy.jit import compile_ir
from nonlin.backends.numpy.short_doubles import LANES, Doubtful, ShortDoubles, with_watched_sums
from nonlin.definition.expression import nodes_of, symbol
from nonlin.primitives import cos, exp, expm1, where
from nonlin.testing.ulp import ulp_error

COUNT = 1 << 11


def compiled(result):
    """result(arithmetic, number) as a function of an array."""
    emit = Emitter()
    a = ShortDoubles(emit)
    x = emit.effect(a.type, f"load {a.type}, ptr %p0, align 8")
    emit.do(f"store {a.type} {result(a, Doubtful(x)).text}, ptr %p1, align 8")
    ir = emit.function("void @short(ptr %p0, ptr %p1)") + "\nattributes #0 = { nounwind }\n"
    (address,) = compile_ir("\n".join([*sorted(emit.declarations), ir]), "short")
    function = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(address)

    def call(x):
        out = np.empty_like(x)
        for start in range(0, x.size, LANES):
            function(x[start:].ctypes.data, out[start:].ctypes.data)
        return out

    return call


def erfcx(x):
    return mpmath.exp(x * x) * mpmath.erfc(x)


@pytest.mark.parametrize(
    ("name", "function", "low", "high"),
    [
        ("exp", mpmath.exp, -700, 700),
        ("expm1", mpmath.expm1, -700, 700),
        ("tanh", mpmath.tanh, -400, 400),
        ("log", mpmath.log, 1e-300, 0.9),
        ("log", mpmath.log, 1.1, 1e300),
        ("log1p", mpmath.log1p, -0.9, 1e9),
        ("erf", mpmath.erf, -30, 30),
        ("erfc", mpmath.erfc, -30, 20),
        ("erfcx", erfcx, 0, 100),
    ],
)
def test_functions_are_right_to_39_bits(name, function, low, high):
    random = np.random.default_rng(0)
    ends = random.choice([end for end in (low, high) if end], COUNT // 2) * 2.0 ** random.uniform(-30, 0, COUNT // 2)
    x = np.clip(np.concatenate([random.uniform(low, high, COUNT // 2), ends]), low, high)
    with mp.workdps(50):
        exact = np.array([float(function(mpmath.mpf(float(number)))) for number in x])
    got = compiled(lambda a, number: short_doubles.table(a)[name](number).value)(x)
    assert np.max(np.abs(got / exact - 1)) < 2.0**-39


def watched(formula):
    return sum(node.operation == "watched" for node in nodes_of(with_watched_sums([formula])))


def test_sums_that_can_cancel_what_a_function_left_are_watched():
    x, y = symbol("x"), symbol("y")
    assert watched(exp(x) - 1) == watched(x + exp(y)) == 1
    assert watched(exp(x) + 1) == watched(-exp(x) - abs(x)) == 0  # of one sign
    assert watched(x - y * y + 2) == 0  # right to all digits of a double
    assert watched((exp(x) - 1) - (exp(y) - 1)) == 3


def test_what_has_a_fast_form_in_doubles():
    x = symbol("x")
    assert has_fast_form(FastForm(where(x < 0, exp(x), expm1(x)), may_cancel=True))
    assert not has_fast_form(FastForm(cos(x), may_cancel=True))


@pytest.mark.parametrize("name", ["silu", "gelu", "mish", "telu", "serf", "swiglu"])
def test_beside_its_root_a_derivative_is_as_exact_as_elsewhere(name):
    """Every float near the place where the derivative of 0.1 to 2 bends over crosses zero."""
    derivative = nl.get(name).derivative
    gate = (np.float32(1),) if name == "swiglu" else ()
    grid = np.linspace(-2.5, -0.1, 4001)

    def at(x):
        x = np.asarray(x)
        found = derivative(x, np.ones_like(x)) if gate else derivative(x)
        return found[0] if gate else found

    signs = np.sign(at(grid))
    (place,) = np.flatnonzero(signs[:-1] * signs[1:] < 0)
    low, high = (np.float32(grid[place + k]).view(np.int32) for k in (0, 1))
    x = np.arange(min(low, high), max(low, high), 7, dtype=np.int32).view(np.float32)
    assert ulp_error(at(x), at(x.astype(float))).max() <= 1
    assert np.signbit(at(x)).sum() not in (0, x.size)


def test_doubt_is_where_a_sum_cancels_in_what_is_chosen():
    """Both sides of a choice are computed; only the side that is taken can be in doubt."""

    def doubt(a, x):
        table = short_doubles.table(a)
        total = table["watched"](table["subtract"](x, table["number"](1)), x)
        chosen = table["where"](table["less"](x, table["number"](1)), x, table["abs"](total))
        return a.where(chosen.doubt, a.splat(1), a.splat(0))

    x = np.array([-3, 0, 1 - 2.0**-20, 1, 1 + 2.0**-20, 1 + 2.0**-13, 1 + 2.0**-11, 2] * 2)
    np.testing.assert_array_equal(compiled(doubt)(x), [0, 0, 0, 1, 1, 1, 0, 0] * 2)
