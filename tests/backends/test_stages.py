"""A formula cut into stages is the same formula."""

import math
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nonlin as nl
from nonlin.backends.numpy import stages as cutting
from nonlin.backends.numpy.stages import LONGEST, cycles, stages
from nonlin.definition import Elementwise
from nonlin.definition.expression import CONDITIONS, evaluate, nodes_of, parameter, symbol
from nonlin.facts.plain import plain_table
from nonlin.primitives import exp, sqrt, where

# NumPy's functions in double precision: the judge needs no kernels.
OPERATIONS = plain_table()


def in_one(outputs, values):
    return evaluate(tuple(outputs), OPERATIONS, values)


def in_stages(plan, values):
    """What a plan computes, stage after stage, each from the inputs and what the earlier ones left."""
    known = dict(values)
    for formulas in plan:
        results = evaluate(tuple(formulas.values()), OPERATIONS, known)
        known |= dict(zip(formulas, results, strict=True))
    return [known[f"out{k}"] for k in range(len(plan[-1]))]


def computable(outputs):
    return {node.operation for node in nodes_of(outputs)} <= {*OPERATIONS, "input", "parameter"}


@st.composite
def formulas(draw):
    """A random formula of x, y and a parameter that reuses what it has, with values that stay moderate."""
    known = [symbol("x"), symbol("y"), parameter("p")]
    for _ in range(draw(st.integers(1, 30))):
        a, b = (known[draw(st.integers(max(0, len(known) - 6), len(known) - 1))] for _ in range(2))
        choice = draw(st.integers(0, 6))
        known.append(
            (
                a + b,
                a - b / 2,
                a * b / (1 + abs(a)),
                exp(-abs(a)),
                a / (1 + abs(b)),
                sqrt(1 + abs(a)),
                where(a < b, a, -b),
            )[choice]
        )
    return known[-draw(st.integers(1, 3)) :]


def cut(outputs, longest):
    """The stages of a formula if a chain may be so long."""
    with patch.object(cutting, "LONGEST", longest):
        return stages(outputs)


@given(formulas(), st.sampled_from([0, 10, 20, LONGEST, 1000]))
def test_wherever_it_is_cut_stages_give_bit_for_bit_what_the_whole_gives(outputs, longest):
    random = np.random.default_rng(0)
    values = {"x": random.normal(0, 3, 50), "y": random.normal(0, 3, 50), "p": 0.75}
    plan = cut(outputs, longest)
    for got, expected in zip(in_stages(plan, values), in_one(outputs, values), strict=True):
        np.testing.assert_array_equal(got, expected)


@given(formulas())
def test_a_stage_needs_only_inputs_and_earlier_results_and_passes_no_conditions(outputs):
    known = {"x", "y", "p"}
    for number, formulas_of_stage in enumerate(plan := stages(outputs)):
        last = number == len(plan) - 1
        assert all(name.startswith("out" if last else "#") for name in formulas_of_stage)
        for formula in formulas_of_stage.values():
            assert formula.operation not in CONDITIONS
            names = {node.value for node in nodes_of([formula]) if node.operation in ("input", "parameter")}
            assert names <= known
        known |= formulas_of_stage.keys()


def chain(formulas_of_stage):
    """The cycles of the longest chain of dependent operations, but for conditions, which are computed beside it."""
    waited = {}
    for node in nodes_of(formulas_of_stage):
        before = max((waited[argument] for argument in node.arguments), default=0)
        waited[node] = 0 if node.operation in CONDITIONS else before + cycles(node)
    return max(waited[formula] for formula in formulas_of_stage)


@given(formulas(), st.sampled_from([10, 20, LONGEST]))
def test_a_chain_is_no_longer_than_it_may_be(outputs, longest):
    """Unless it is a single operation."""
    for formulas_of_stage in cut(outputs, longest):
        slowest = max(cycles(node) for node in nodes_of(formulas_of_stage.values()))
        assert chain(formulas_of_stage.values()) <= max(longest, slowest)


def test_what_is_passed_on_is_used():
    """Nothing is written to memory for nobody."""
    x = symbol("x")
    plan = stages([exp(exp(exp(x)) / (1 + x * x)) / (2 + exp(x))])
    assert len(plan) > 1
    read = {node.value for part in plan for f in part.values() for node in nodes_of([f]) if node.operation == "input"}
    written = {name for part in plan[:-1] for name in part}
    assert written == read - {"x"}


def test_a_short_formula_is_one_stage_and_a_long_chain_several():
    x = symbol("x")
    assert stages([where(x < 0, 0, x)]) == [{"out0": where(x < 0, 0, x)}]
    long = x
    for _ in range(6):
        long = exp(-long)
    assert chain([long]) > LONGEST
    assert len(stages([long])) > 1
    assert cut([long], chain([long])) == [{"out0": long}]
    assert len(cut([long], 0)) == sum(bool(node.arguments) for node in nodes_of([long]))


@pytest.mark.parametrize("name", ["sigmoid", "silu", "mish", "softsign"])
def test_the_catalogue(name):
    record = nl.get(name)
    outputs = record.expressions("value_and_derivative")
    assert computable(outputs)
    values = {"x": np.linspace(-20, 20, 101)} | {p: known.default for p, known in record.parameters.items()}
    for got, expected in zip(in_stages(stages(outputs), values), in_one(outputs, values), strict=True):
        np.testing.assert_array_equal(got, expected)


def test_a_kernel_in_stages_agrees_with_the_function():
    """Many stages and many numbers kept between them: each in its place."""

    def formula(x):
        parts = [exp(-x * x * k / 8) for k in range(1, 6)]
        return sum(part / (1 + exp(part)) for part in parts) / (1 + exp(-x))

    record = Elementwise(formula, range=(0, 5), monotone=False, smoothness=math.inf)
    x = np.linspace(-3, 3, 5000).astype(np.float32).astype(float)
    parts = [np.exp(-x * x * k / 8) for k in range(1, 6)]
    expected = sum(part / (1 + np.exp(part)) for part in parts) / (1 + np.exp(-x))
    assert len(stages(record.expressions("value"))) > 2
    np.testing.assert_allclose(record(x.astype(np.float32)), expected, rtol=5e-7)
