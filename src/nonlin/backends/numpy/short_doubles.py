"""Doubles with functions of fewer terms, for float32 results of formulas whose sums cancel.

Two floats hold 2**-27 of a number, too little beside a root away from 0. These functions are right to 2**-39, so that a
sum may lose `_LOST` bits of that. Where a sum loses more, which is within that much of a root, the number is in doubt,
and computed again in full.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial, reduce
from typing import NamedTuple

from ...definition.constants import exact
from ...definition.expression import Expression, apply, nodes_of
from . import error_functions, primitives
from .arithmetic import Native
from .coefficients import ERFCX, polynomial_of
from .elementary import magic
from .emitter import LANES as REGISTER
from .emitter import Emitter, Value
from .rewriting import rewritten
from .rough_factors import signs_in

LANES = REGISTER["float"]  # as two floats have, beside which they are computed
_BITS = 40
_LOST = 12
_LOG_2 = exact("log_2")
_LEAST = -708.0  # below, exp(x) is no normal number

# Chebyshev interpolation: exp(r) to 2**-39.7 and (exp(r) - 1) / r to 2**-43 on |r| <= log(2) / 2, and 2 atanh(s) / s in
# s^2 to 2**-45 on |s| <= (sqrt(2) - 1) / (sqrt(2) + 1)
_EXP = (
    1.0, 0.99999999997978517, 0.49999999999797934, 0.16666666891045777, 0.041666666890956999, 0.0083332660979496144,
    0.0013888821677630363, 0.00019915866926782682, 2.4876164022625968e-5,
)  # fmt: skip
_EXPM1 = (
    1.0, 0.49999999999797934, 0.16666666666648303, 0.041666666890956999, 0.008333333353717157, 0.0013888821677630363,
    0.00019841208756992321, 2.4876164022625968e-5, 2.7625102005388107e-6,
)  # fmt: skip
_LOG = (
    1.9999999999999472, 0.66666666679585375, 0.39999994889888122, 0.28572166357462266, 0.22174240660853982,
    0.19608235378787901,
)  # fmt: skip


class Doubtful(NamedTuple):
    """A number, or a condition, and the lanes in which it is in doubt: None for nowhere."""

    value: Value
    doubt: Value | None = None


class ShortDoubles(Native):
    """Doubles with functions that are right to so many bits."""

    def __init__(self, emitter: Emitter) -> None:
        super().__init__(emitter, "double", LANES)
        self.precision = _BITS


def power_of_e(a: Native, x: Value, log_2: Sequence[Fraction], coefficients: Sequence[float]) -> Value:
    """exp(x) where it is a normal number, by a polynomial of r = x - n log 2; log(2) is given in parts."""
    emit = a.emit
    n, r = _reduced(a, x, log_2)
    return a.from_bits(emit.binary("add", a.bits(series(a, r, coefficients)), emit.binary("shl", n, a.integers(52))))


def _reduced(a: Native, x: Value, log_2: Sequence[Fraction]) -> tuple[Value, Value]:
    """N in the lowest bits of an integer, and r = x - n log 2."""
    offset = a.splat(magic(a))
    shifted = a.fma(x, a.splat(1 / _LOG_2), offset)
    whole = a.subtract(shifted, offset)
    for part in log_2:
        x = a.fma(whole, a.splat(-part), x)
    return a.bits(shifted), x


def series(a: Native, x: Value, coefficients: Sequence[float]) -> Value:
    """A polynomial, lowest power first, in quarters that need not wait for each other."""
    parts = [a.splat(c) for c in coefficients]
    while len(parts) > 1:
        last = parts[-1:] if len(parts) % 2 else []
        parts = [a.fma(high, x, low) for low, high in zip(parts[::2], parts[1::2], strict=False)] + last
        x = a.multiply(x, x)
    return parts[0]


def exp(a: ShortDoubles, x: Value) -> Value:
    """exp(x) for x up to 709; about 1e-307 where it is less."""
    return power_of_e(a, _above(a, x, _LEAST), (_LOG_2,), _EXP)


def _above(a: ShortDoubles, x: Value, least: float) -> Value:
    return a.where(a.less(a.splat(least), x), x, a.splat(least))


def expm1(a: ShortDoubles, x: Value) -> Value:
    """exp(x) - 1 where exp(x) is a normal number."""
    n, r = _reduced(a, x, (_LOG_2,))
    power = a.from_bits(a.emit.binary("add", a.emit.binary("shl", n, a.integers(52)), a.bits(a.splat(1))))
    change = a.multiply(r, series(a, r, _EXPM1))
    return a.copysign(a.fma(change, power, a.subtract(power, a.splat(1))), x)


def tanh(a: ShortDoubles, x: Value) -> Value:
    """The hyperbolic tangent, which is 1 in size from 30 on."""
    near = a.negative(_above(a, a.negative(_above(a, x, -30)), -30))
    e = expm1(a, a.add(near, near))
    return a.divide(e, a.add(e, a.splat(2)))


def log(a: ShortDoubles, x: Value) -> Value:
    """log(x) of 0 or a normal number: k log 2 + 2 atanh((m - 1) / (m + 1)) for x = 2**k m."""
    k, m = _split(a, x)
    return _or_infinite(a, x, _log(a, k, a.subtract(m, a.splat(1))))


def log1p(a: ShortDoubles, x: Value) -> Value:
    """log(1 + x) for finite x from -1 on: where k is 0, x itself is m - 1."""
    total = a.add(x, a.splat(1))
    k, m = _split(a, total)
    inside = a.emit.compare("oeq", k, a.splat(0))
    return _or_infinite(a, total, _log(a, k, a.where(inside, x, a.subtract(m, a.splat(1)))))


def _or_infinite(a: ShortDoubles, x: Value, logarithm: Value) -> Value:
    """The logarithm of x, minus infinity where x is 0."""
    return a.where(a.emit.compare("oeq", x, a.splat(0)), a.splat(-math.inf), logarithm)


def _split(a: ShortDoubles, x: Value) -> tuple[Value, Value]:
    """A normal number as 2**k m, with m between sqrt(1/2) and sqrt(2); k is a double."""
    emit, half = a.emit, a.bits(a.splat(exact("sqrt_half")))
    offset = emit.binary("sub", a.bits(x), half)
    whole = emit.binary("ashr", offset, a.integers(52))
    m = a.from_bits(emit.binary("sub", a.bits(x), emit.binary("shl", whole, a.integers(52))))
    shift = a.splat(magic(a))
    return a.subtract(a.from_bits(emit.binary("add", whole, a.bits(shift))), shift), m


def _log(a: ShortDoubles, k: Value, above: Value) -> Value:
    """K log 2 + log(1 + above)."""
    s = a.divide(above, a.add(above, a.splat(2)))
    return a.fma(k, a.splat(_LOG_2), a.multiply(s, series(a, a.multiply(s, s), _LOG)))


def erfcx(a: ShortDoubles, x: Value) -> Value:
    """exp(x**2) erfc(x) for x >= 0, as in `error_functions`, with one division for both quotients."""
    above, double = a.add(x, a.splat(4)), a.fma(x, a.splat(2), a.splat(1))
    inverse = a.divide(a.splat(1), a.multiply(above, double))
    q = a.multiply(a.multiply(a.subtract(x, a.splat(4)), double), inverse)
    scaled = series(a, q, [float(c) for c in polynomial_of(ERFCX, a.precision)])
    return a.multiply(scaled, a.multiply(above, inverse))


_OWN = (exp, expm1, tanh, log, log1p, erfcx)
_ERROR_FUNCTIONS = (error_functions.erf, error_functions.erfc)
_PLAIN = (
    "number", "constant", "add", "subtract", "multiply", "divide", "negative", "abs", "less", "less_equal", "where",
    "sqrt", "maximum", "minimum", "sign",
)  # fmt: skip
PRIMITIVES = (*_PLAIN, *(function.__name__ for function in (*_OWN, *_ERROR_FUNCTIONS)))
"""What a formula may be made of."""


def table(a: ShortDoubles) -> dict[str, Callable[..., Doubtful]]:
    """The primitives, emitting instructions; a result is in doubt where what it is made of is."""
    plain = {name: primitives.table(a)[name] for name in _PLAIN}
    plain |= {function.__name__: partial(function, a) for function in _OWN}
    plain |= {function.__name__: partial(function, a, exp=exp, erfcx=erfcx) for function in _ERROR_FUNCTIONS}
    found: dict[str, Callable[..., Doubtful]] = {name: partial(_passed_on, a, plain[name]) for name in plain}
    return (
        found
        | {name: lambda given, name=name: Doubtful(plain[name](given)) for name in ("number", "constant")}
        | {
            "where": partial(_where, a),
            "watched": partial(_watched, a),
        }
    )


def _passed_on(a: ShortDoubles, function: Callable[..., Value], *arguments: Doubtful) -> Doubtful:
    return Doubtful(function(*(x.value for x in arguments)), _either(a, *(x.doubt for x in arguments)))


def _either(a: ShortDoubles, *doubts: Value | None) -> Value | None:
    known = [doubt for doubt in doubts if doubt is not None]
    return reduce(partial(a.emit.binary, "or"), known) if known else None


def _where(a: ShortDoubles, condition: Doubtful, first: Doubtful, second: Doubtful) -> Doubtful:
    """A choice is in doubt where what it chooses is."""
    nowhere = Value(condition.value.type, "zeroinitializer")
    chosen = None
    if first.doubt is not None or second.doubt is not None:
        chosen = a.emit.select(condition.value, first.doubt or nowhere, second.doubt or nowhere)
    return Doubtful(a.where(condition.value, first.value, second.value), _either(a, condition.doubt, chosen))


def _watched(a: ShortDoubles, total: Doubtful, part: Doubtful) -> Doubtful:
    """A sum of two numbers, one of which is given, in doubt where it has lost too many bits."""
    least = a.multiply(a.abs(part.value), a.splat(2.0**-_LOST))
    return Doubtful(total.value, _either(a, total.doubt, a.less(a.abs(total.value), least)))


def with_watched_sums(outputs: Sequence[Expression]) -> list[Expression]:
    """The formulas, with each sum that can cancel what a function has left behind as a `watched` one."""
    signs, is_exact = signs_in([], outputs), _exact_parts(outputs)

    def watched(node: Expression, arguments: Sequence[Expression]) -> Expression | None:
        if node.operation not in ("add", "subtract") or len(signs[node]) < 2 or is_exact[node]:
            return None
        return apply("watched", apply(node.operation, *arguments), arguments[0])

    return rewritten(outputs, watched)


def _exact_parts(outputs: Sequence[Expression]) -> dict[Expression, bool]:
    """Which parts are made of inputs and numbers by the operations of a processor: they are right to all digits."""
    found: dict[Expression, bool] = {}
    for node in nodes_of(outputs):
        found[node] = node.operation not in PRIMITIVES[len(_PLAIN) :] and all(found[n] for n in node.arguments)
    return found
