"""Formulas as array libraries evaluate them that compute plainly, in the precision of their arrays."""

from __future__ import annotations

from functools import cache
from math import inf

from ..definition import Activation
from ..definition.expression import Expression, apply, symbol
from ..definition.records import made_from_definitions
from .numpy.nan_passing import passes_nan


@cache
def formula(record: Activation, part: str) -> tuple[Expression, ...]:
    """A part of an activation on symbols named as its inputs and parameters; NaN where its first input is.

    >>> import nonlin as nl
    >>> formula(nl.relu, "derivative")
    (where(less_equal(x, inf), where(less(0, x), 1, 0), x),)
    """
    outputs = record.expressions(part)
    return outputs if record.reduces else tuple(_keeping_nan(record.inputs[0], output) for output in outputs)


def _keeping_nan(name: str, output: Expression) -> Expression:
    x = symbol(name)
    return output if passes_nan(output, name) else apply("where", x <= inf, output, x)


made_from_definitions.append(formula.cache_clear)
