"""Arithmetic and functions in two floats, against double precision; their tables, against 50 digits."""

import ctypes

import mpmath
import numpy as np
import pytest
from mpmath import mp

from nonlin.backends.numpy import fast_coefficients, fast_functions, one_instruction
from nonlin.backends.numpy.emitter import Emitter
from nonlin.backends.numpy.float_pair import LANES, FloatPair, Sum
from nonlin.backends.numpy.jit import compile_ir, has_feature
from nonlin.definition.expression import evaluate, nodes_of, symbol
from nonlin.primitives import erf, erfc, erfcx, tanh

COUNT = 1 << 12
with_and_without_avx512 = pytest.mark.parametrize("has_it", [False, *[True] * has_feature("avx512f")])


def compiled(operation, arguments):
    """A primitive of pairs: a function of arrays of highs and lows that gives the two arrays of its result."""
    emit = Emitter()
    a = FloatPair(emit)
    parts = [emit.effect(a.type, f"load {a.type}, ptr %p{k}, align 4") for k in range(2 * arguments)]
    pairs = [Sum(*parts[2 * k : 2 * k + 2]) for k in range(arguments)]
    result = fast_functions.table(a)[operation](*pairs)
    for k, part in enumerate((result.high, result.low or a.splat(0)), 2 * arguments):
        emit.do(f"store {a.type} {part.text}, ptr %p{k}, align 4")
    pointers = 2 * arguments + 2
    ir = emit.function(f"void @pair_{operation}({', '.join(f'ptr %p{k}' for k in range(pointers))})")
    ir += '\nattributes #0 = { nounwind "prefer-vector-width"="512" }\n'
    (address,) = compile_ir("\n".join([*sorted(emit.declarations), ir]), f"pair_{operation}")
    function = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * pointers)(address)

    def call(*arrays):
        out = [np.empty(arrays[0].size, np.float32) for _ in range(2)]
        for start in range(0, arrays[0].size, LANES):
            function(*(array[start:].ctypes.data for array in (*arrays, *out)))
        return out[0].astype(float) + out[1], out

    return call


def pair(x):
    """A double as two floats."""
    high = x.astype(np.float32)
    return high, (x - high).astype(np.float32)


def numbers(low, high, seed):
    """Doubles of both signs or one, evenly spread and near the end that is nearest to 0, as pairs hold them."""
    random = np.random.default_rng(seed)
    even = random.uniform(low, high, COUNT // 2)
    near = random.choice([end for end in (low, high) if end], COUNT // 2) * 2.0 ** random.uniform(-20, 0, COUNT // 2)
    high_part, low_part = pair(np.concatenate([even, np.clip(near, low, high)]))
    return high_part.astype(float) + low_part


def reference(function):
    def at(x):
        with mp.workdps(30):
            return np.array([float(function(mpmath.mpf(float(number)))) for number in x])

    return at


def tail_ratio(x):
    return mpmath.exp(x * x / 2) * mpmath.erfc(x / mpmath.sqrt(2))


FUNCTIONS = [  # name, the function, where, log2 of the largest relative error
    ("exp", mpmath.exp, -80, 80, -27.5),
    ("moderate_exp", mpmath.exp, -80, 80, -27.5),
    ("grown_exp", lambda x: 2**64 * mpmath.exp(x), -80, 0, -27.5),
    ("shrunk", lambda x: x / mpmath.mpf(2) ** 64, 2.0**-30, 1, -45),
    ("expm1", mpmath.expm1, -90, 60, -26.5),
    ("log", mpmath.log, 1e-30, 0.9, -27),
    ("log", mpmath.log, 1.1, 1e30, -27),
    ("log1p", mpmath.log1p, -0.9, 1e9, -27),
    ("tail_ratio", tail_ratio, 0, 15, -25.2),
    ("erf_near", mpmath.erf, -0.5, 0.5, -26),
    ("from_two", lambda x: 2 - x, 0, 1, -45),
    ("sqrt", mpmath.sqrt, 0, 1e9, -45),
]


@pytest.mark.parametrize(("name", "function", "low", "high", "bits"), FUNCTIONS)
def test_functions(name, function, low, high, bits):
    x = numbers(low, high, 0)
    got, (head, rest) = compiled(name, 1)(*pair(x))
    exact = reference(function)(x)
    used = exact != 0
    assert used.sum() > COUNT / 2
    errors = np.abs(got - exact)[used] / np.abs(exact[used])
    assert errors.max() <= 2.0**bits, (x[used][np.argmax(errors)], np.log2(errors.max()))
    # what one float would not tell is in the other, and is small
    assert np.all(np.abs(rest) <= 2.0**-18 * np.abs(head))


@pytest.mark.parametrize(
    ("name", "function", "bits"),
    [
        ("add", np.add, -45),
        ("subtract", np.subtract, -45),
        ("multiply", np.multiply, -44),
        ("divide", np.divide, -43),
    ],
)
def test_arithmetic(name, function, bits):
    x, y = numbers(-8, 8, 1), numbers(0.01, 8, 2)
    got, _ = compiled(name, 2)(*pair(x), *pair(y))
    exact = function(x, y)
    scale = np.abs(x) + np.abs(y) if name in ("add", "subtract") else np.abs(exact)
    assert np.all(np.abs(got - exact) <= 2.0**bits * scale)


@with_and_without_avx512
def test_exp_is_right_beyond_the_normal_floats(monkeypatch, has_it):
    monkeypatch.setattr(one_instruction, "has_feature", lambda _: has_it)
    x = np.concatenate([np.linspace(-104, -80, COUNT - 6), [-1e6, -200, -105, 89, 200, 1e6]]).astype(np.float32)
    got = compiled("exp", 1)(x, np.zeros_like(x))[0]
    assert got[-6:].tolist() == [0, 0, 0, np.inf, np.inf, np.inf]
    exact = reference(mpmath.exp)(x[:-6])
    unit = np.spacing(exact.astype(np.float32)).astype(float)
    assert (np.abs(got[:-6] - exact) <= 0.76 * unit).all()  # of a subnormal number a bit was rounded away before


@pytest.mark.parametrize("bound", [0.1, -0.1, 0.3, 1 / 3, -2 / 3, 0.5, 6.0])
def test_a_float_beside_a_number_that_no_float_holds(bound):
    """Both comparisons of a number and its neighbours, both ways, and sums and products of parameters."""
    x = np.full(LANES, bound, np.float32)
    for k in range(1, 4):
        x[2 * k : 2 * k + 2] = np.nextafter(x[2 * k - 2 : 2 * k], np.float32([-9, 9]))
    x[8:] = -x[:8]
    emit = Emitter()
    a = FloatPair(emit)
    given = a.lift(emit.effect(a.type, f"load {a.type}, ptr %p0, align 4"))
    wide = f"<{LANES} x double>"
    number = a.from_double(emit.effect(wide, f"load {wide}, ptr %p1, align 8"))
    masks = [f(*pair) for f in (a.less, a.less_equal) for pair in ((given, number), (number, given))]
    one, zero = a.number(1), a.number(0)
    results = [a.leading(a.where(mask, one, zero)) for mask in masks]
    results += [a.leading(s) for s in (number, a.add(number, number), a.multiply(number, number), a.negative(number))]
    for k, result in enumerate(results, 2):
        emit.do(f"store {a.type} {result.text}, ptr %p{k}, align 4")
    signature = ", ".join(f"ptr %p{k}" for k in range(2 + len(results)))
    ir = emit.function(f"void @beside({signature})")
    (address,) = compile_ir("\n".join([*sorted(emit.declarations), ir, "attributes #0 = { nounwind }"]), "beside")
    out = [np.empty(LANES, np.float32) for _ in results]
    double = np.full(LANES, bound)
    ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * (2 + len(out)))(address)(*(v.ctypes.data for v in (x, double, *out)))
    exact = x.astype(float)
    expected = [exact < bound, bound < exact, exact <= bound, bound <= exact]
    expected += [np.full(LANES, np.float32(v)) for v in (bound, bound + bound, bound * bound, -bound)]
    for got, right in zip(out, expected, strict=True):
        np.testing.assert_array_equal(got, right)


@pytest.mark.parametrize("name", ["expm1", "erf_near", "sqrt"])
def test_signed_zeros_stay(name):
    zeros = np.array([0.0, -0.0] * (LANES // 2), np.float32)
    _, (head, _) = compiled(name, 1)(zeros, np.zeros(LANES, np.float32))
    assert np.all(np.signbit(head) == np.signbit(zeros))
    assert not head.any()


@pytest.mark.parametrize("name", ["less", "less_equal"])
def test_numbers_that_round_to_the_same_float_are_told_apart(name):
    function = {"less": np.less, "less_equal": np.less_equal}[name]
    x = 1 + np.array([0, 1, -1, 2] * 4) * 2.0**-40
    y = 1 + np.array([0, 0, 1, 2] * 4) * 2.0**-40
    emit = Emitter()
    a = FloatPair(emit)
    parts = [emit.effect(a.type, f"load {a.type}, ptr %p{k}, align 4") for k in range(4)]
    mask = getattr(a, name)(Sum(*parts[:2]), Sum(*parts[2:]))
    chosen = a.emit.select(mask, a.splat(1), a.splat(0))
    emit.do(f"store {a.type} {chosen.text}, ptr %p4, align 4")
    ir = emit.function(f"void @pair_{name}(ptr %p0, ptr %p1, ptr %p2, ptr %p3, ptr %p4)")
    (address,) = compile_ir("\n".join([*sorted(emit.declarations), ir, "attributes #0 = { nounwind }"]), f"pair_{name}")
    out = np.empty(LANES, np.float32)
    arrays = (*pair(x), *pair(y), out)
    ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 5)(address)(*(array.ctypes.data for array in arrays))
    np.testing.assert_array_equal(out, function(x, y))


@pytest.mark.parametrize("function", [tanh, erf, erfc, erfcx])
def test_functions_made_of_others_are_the_same(function):
    (made,) = fast_functions.expanded([function(symbol("x"))])
    assert function.__name__ not in {node.operation for node in nodes_of([made])}
    operations = {
        "number": lambda value: mpmath.mpf(value) if isinstance(value, int) else mpmath.mpf(str(float(value))),
        "constant": lambda name: {"sqrt_half": mpmath.sqrt(mpmath.mpf(1) / 2)}[name],
        "add": lambda a, b: a + b,
        "subtract": lambda a, b: a - b,
        "multiply": lambda a, b: a * b,
        "divide": lambda a, b: a / b,
        "negative": lambda a: -a,
        "abs": abs,
        "less": lambda a, b: a < b,
        "where": lambda mask, a, b: a if mask else b,
        "minimum": min,
        "exp": mpmath.exp,
        "moderate_exp": mpmath.exp,
        "expm1": mpmath.expm1,
        "tail_ratio": tail_ratio,
        "grown_exp": lambda x: 2**64 * mpmath.exp(x),
        "shrunk": lambda x: x / mpmath.mpf(2) ** 64,
        "ordered_add": lambda a, b: a + b,
        "from_two": lambda x: 2 - x,
        "erf_near": mpmath.erf,
    }
    exact = {
        "tanh": mpmath.tanh,
        "erf": mpmath.erf,
        "erfc": mpmath.erfc,
        "erfcx": lambda x: mpmath.exp(x * x) * mpmath.erfc(x),
    }[function.__name__]
    with mp.workdps(40):
        for x in map(mpmath.mpf, ("-3.25", "-0.75", "-0.25", "0", "0.125", "0.5", "2.5", "8.5")):
            if x >= 0 or function is not erfcx:
                assert mpmath.almosteq(evaluate((made,), operations, {"x": x})[0], exact(x), 1e-16)


def largest_error(approximation, function, low, high):
    """The largest relative error on a grid, as a power of two."""
    with mp.workdps(40):
        errors = []
        for k in range(1, 200):
            x = low + (high - low) * mpmath.mpf(k) / 200 + mpmath.mpf(10) ** -12
            errors.append(abs(approximation(x) / function(x) - 1))
        return float(mpmath.log(max(errors), 2))


def polynomial(coefficients, x):
    total = mpmath.mpf(0)
    for coefficient in reversed(coefficients):
        total = total * x + mpmath.mpf(float(np.float32(coefficient)))
    return total


def test_coefficients():
    c = fast_coefficients
    with mp.workdps(40):
        half, edge = mp.log(2) / 32, (mpmath.sqrt(2) - 1) / (mpmath.sqrt(2) + 1)
        slope = mpmath.mpf(c.ERF_SLOPE)
        assert abs(slope - 2 / mpmath.sqrt(mp.pi)) < 2.0**-52
        for j, power in enumerate(c.POWERS):
            assert (
                abs(mpmath.mpf(power.numerator) / power.denominator - mpmath.mpf(2) ** (mpmath.mpf(j) / 16)) < 2.0**-110
            )
    assert largest_error(lambda r: 1 + r + r * r * polynomial(c.EXP, r), mpmath.exp, -half, half) < -29
    assert largest_error(lambda r: r + r * r * polynomial(c.EXPM1, r), mpmath.expm1, -half, half) < -30.5
    assert (
        largest_error(lambda s: 2 * s + s**3 * polynomial(c.LOG, s * s), lambda s: 2 * mpmath.atanh(s), 0, edge) < -29.5
    )
    assert largest_error(lambda x: x * (slope + x * x * polynomial(c.ERF, x * x)), mpmath.erf, 0, 0.5) < -28.5


@pytest.mark.parametrize("row", range(16))
def test_tail_ratio_table(row):
    point, value, *coefficients = map(float, fast_coefficients.TAIL_RATIO[row])
    assert point == np.float32(point)
    with mp.workdps(40):
        at_point = tail_ratio(mpmath.mpf(point))
        assert abs(mpmath.mpf(float(np.float32(value))) / at_point - 1) < 2.0**-31
    low, high = (2.0 ** (place // 4) * (1 + place % 4 / 4) - 1 - point for place in (row, row + 1))
    assert (
        largest_error(
            lambda q: float(np.float32(value)) + q * polynomial(coefficients, q),
            lambda q: tail_ratio(point + q),
            low,
            high,
        )
        < -26.7
    )


@with_and_without_avx512
def test_powers_of_two_reach_all_results(monkeypatch, has_it):
    """Subnormal ones are rounded once, with the instruction of AVX-512 and without it."""
    monkeypatch.setattr(one_instruction, "has_feature", lambda _: has_it)
    emit = Emitter()
    a = FloatPair(emit)
    x, exponent = (emit.effect(a.type, f"load {a.type}, ptr %p{k}, align 4") for k in range(2))
    emit.do(f"store {a.type} {a.scaled(x, exponent).text}, ptr %p2, align 4")
    ir = emit.function("void @scale(ptr %p0, ptr %p1, ptr %p2)") + "\nattributes #0 = { nounwind }\n"
    (address,) = compile_ir("\n".join([*sorted(emit.declarations), ir]), "scale")
    function = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3)(address)
    random = np.random.default_rng(0)
    numbers = (random.uniform(1, 2, COUNT) * random.choice([-1, 1, 2.0**-24], COUNT)).astype(np.float32)
    exponents = random.uniform(-300, 300, COUNT).astype(np.float32)
    got = np.empty_like(numbers)
    for start in range(0, COUNT, LANES):
        function(*(array[start:].ctypes.data for array in (numbers, exponents, got)))
    with np.errstate(over="ignore", under="ignore"):
        np.testing.assert_array_equal(
            got, np.ldexp(numbers.astype(float), np.floor(exponents).astype(int)).astype("f4")
        )
