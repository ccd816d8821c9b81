"""What a user's definition may trip over is told in one sentence, when it is made or first used."""

import copy
import functools
import math

import numpy as np
import pytest

import nonlin as nl
from nonlin.errors import InputError
from nonlin.primitives import exp, row_sum, where
from nonlin.testing import check_activation, check_loss


def _made(function, **facts):
    return nl.activation(range=(0, 1), **facts)(function)


def two_inputs(x, y):
    return x * y


def positional(x, alpha=1.0):
    return alpha * x


def no_default(x, *, alpha):
    return alpha * x


def named_as_an_option(x, *, out=1.0):
    return out * x


def named_as_the_length_of_a_group(x, *, pieces=2.0):
    return row_sum(x) / pieces


def turned_over(x):
    return -x


def negative(x, *, alpha=-1.0):
    return alpha * x


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: _made(lambda x: x), "made with def"),
        (lambda: _made(functools.partial(two_inputs, 1)), "made with def"),
        (lambda: _made(two_inputs), r"must take 1 argument, and its parameters behind a \*"),
        (lambda: _made(positional), r"must take 1 argument, and its parameters behind a \*"),
        (lambda: _made(no_default), "parameter 'alpha' of no_default needs a number as its default"),
        (lambda: _made(named_as_an_option), "cannot be named 'out'"),
        (lambda: _made(named_as_the_length_of_a_group, kind="pooled"), "cannot be named 'pieces'"),
        (
            lambda: _made(negative, parameters={"alpha": nl.Parameter(1, low=0)}),
            "default of alpha .* at least 0",
        ),
        (lambda: nl.activation(range=(2, 1))(turned_over), r"range of turned_over must be \(smallest, largest value\)"),
        (lambda: _made(two_inputs, kind="gate"), "kind must be one of elementwise"),
        (lambda: _made(exp, aliases="gauss"), "aliases must be a tuple"),
        (lambda: nl.loss_definition(tasks="regression")(two_inputs), "tasks must be a tuple"),
        (lambda: nl.activation(two_inputs), "with parentheses above 'two_inputs'"),
        (lambda: nl.gelu.derivative(lambda x: 0 * x), "the derivative of 'gelu' is defined in"),
        (lambda: nl.get(nl.loss.mse), "'mse' is among the losses, not the activations"),
    ],
)
def test_a_definition_that_cannot_be_is_refused_when_it_is_made(make, message):
    with pytest.raises(InputError, match=message):
        make()


def product_of_condition(x):
    return (x > 0) * x


def only_condition(x):
    return x > 0


def where_of_number(x):
    return where(x, 1, 0)


def equality(x):
    return where(x == 0, 1, x)


def nothing(x):
    exp(x)


def of_a_row(x):
    return x / row_sum(x)


def numpys(x):
    return np.exp(x)


def maths(x):
    return math.exp(x)


def branch(x):
    return x if x > 0 else 0 * x


def root(x):
    return x**0.5


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (product_of_condition, "multiply takes numbers, got less"),
        (only_condition, "is a condition, not a number"),
        (where_of_number, "where needs a condition"),
        (equality, "== and != look at identity"),
        (nothing, "it returned nothing"),
        (of_a_row, "row_sum, which needs a row: define it with kind=Row"),
        (numpys, "use arithmetic, comparisons and nonlin.primitives"),
        (maths, "use arithmetic, comparisons and nonlin.primitives"),
        (branch, r"choose with where\(condition, a, b\)"),
        (root, "with sqrt, 1 / x"),
    ],
)
def test_a_formula_that_is_none_is_refused_when_it_is_used(function, message):
    with pytest.raises(InputError, match=message) as caught:
        _made(function)(1.0)
    assert function.__name__ in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_row_loss_must_give_one_number_a_row():
    """Writing a matrix where numbers are expected would overrun the memory."""

    @nl.loss_definition(kind=nl.RowLoss, tasks=("classification",))
    def unreduced(logits, targets):
        return targets * logits

    with pytest.raises(InputError, match="reduce it with row_sum"):
        unreduced(np.zeros((1000, 200)), np.zeros(1000, int))


def test_a_row_function_of_reductions_only_fills_its_rows():
    @nl.activation(kind=nl.Row)
    def total(x):
        return row_sum(x)

    np.testing.assert_array_equal(total(np.ones((3, 4))), np.full((3, 4), 4.0))


def test_a_corrected_formula_is_used_at_once():
    """As in a notebook, where a cell is run again."""

    @nl.activation()
    def twice(x):
        return 2 * x

    @twice.derivative
    def _(x):
        return 3 + 0 * x

    assert twice.derivative(1.0) == 3

    @twice.derivative
    def _(x):
        return 2 + 0 * x

    assert twice.derivative(1.0) == 2

    @nl.activation()
    def four_times(x):
        return twice(twice(x))

    assert four_times(1.0) == 4

    @nl.activation()
    def twice(x):
        return 2.5 * x

    assert nl.get("twice")(1.0) == 2.5


def test_a_record_is_one_object():
    assert copy.deepcopy(nl.gelu) is nl.gelu
    assert copy.copy(nl.gelu) is nl.gelu


def test_surplus_arrays_are_refused():
    with pytest.raises(InputError, match="relu takes one array"):
        nl.relu.derivative(np.ones(3), np.empty(3))
    with pytest.raises(InputError, match="one shape"):
        nl.softmax.vjp([1.0, 2.0], [[1.0, 0.0], [0.0, 1.0]])


def test_what_must_be_named_is_told_when_it_is_not():
    with pytest.raises(InputError, match=r"^leaky_relu takes one array, .*: write negative_slope=0.2$"):
        nl.leaky_relu(np.ones(3), 0.2)
    with pytest.raises(InputError, match="relu takes one array; give out= and parameters by name"):
        nl.relu(np.ones(3), np.empty(3))
    with pytest.raises(InputError, match="give axis= and others by name"):
        nl.softmax(np.ones(3), 0)


@pytest.mark.parametrize("find", [nl.get, nl.get_loss])
def test_a_name_is_text(find):
    with pytest.raises(InputError, match=r"must be text, got None; nonlin\.(activations|losses)\(\) lists them"):
        find(None)


def test_wrong_derivatives_are_found_whatever_the_kind():
    @nl.activation(kind=nl.Gated)
    def swapped_product(gate, value):
        return gate * value

    @swapped_product.derivative
    def _(gate, value):
        return gate, value  # swapped

    with pytest.raises(AssertionError, match="derivative of swapped_product"):
        check_activation(swapped_product)

    @nl.activation(range=(0, math.inf), smoothness=0, kinks=(-3, 3))
    def hard_gate(x):
        return where(x > -3, where(x < 3, x * (x + 3) / 6, x), 0)

    @hard_gate.derivative
    def _(x):
        return where(x > -3, where(x < 2.5, (2 * x + 3) / 6, where(x < 3, 7, 1)), 0)

    with pytest.raises(AssertionError, match=r"derivative of hard_gate at 2\."):
        check_activation(hard_gate)

    @nl.loss_definition(tasks=("regression",))
    def squares(predictions, targets):
        return (predictions - targets) ** 2

    @squares.gradient
    def _(predictions, targets):
        return 3 * (predictions - targets)

    with pytest.raises(AssertionError, match="gradient of squares"):
        check_loss(squares)


def test_right_facts_of_slow_functions_are_accepted():
    from nonlin.primitives import log1p, sign

    @nl.activation(range=(-1, 1), monotone=True, smoothness=1, kinks=(0,), limits=(-1, 1))
    def slow_sigmoid(x):
        return x / (1 + abs(x))

    @slow_sigmoid.derivative
    def _(x):
        return 1 / (1 + abs(x)) / (1 + abs(x))

    check_activation(slow_sigmoid, points=200)

    @nl.activation(monotone=True, smoothness=1, kinks=(0,))
    def signed_log(x):
        return sign(x) * log1p(abs(x))

    @signed_log.derivative
    def _(x):
        return 1 / (1 + abs(x))

    check_activation(signed_log, points=200)


def test_a_formula_may_call_a_definition_by_its_dotted_name():
    @nl.activation(range=(0, 1), monotone=True)
    def squared_sigmoid(x):
        return nl.sigmoid(x) ** 2

    @squared_sigmoid.derivative
    def _(x):
        return 2 * nl.sigmoid(x) * nl.sigmoid.derivative(x)

    check_activation(squared_sigmoid, points=200)


def test_a_textbook_formula_gets_its_limits():
    """The plain formula of silu, with nothing declared: zero times infinity at both ends."""

    @nl.activation()
    def textbook(x):
        return x * nl.sigmoid(x)

    @textbook.derivative
    def _(x):
        s = nl.sigmoid(x)
        return s * (1 + x * (1 - s))

    ends = np.array([-np.inf, np.inf])
    for dtype in (np.float16, np.float32, np.float64):
        np.testing.assert_array_equal(textbook(ends.astype(dtype)), [0, np.inf])
        np.testing.assert_array_equal(textbook.derivative(ends.astype(dtype)), [0, 1])
    assert textbook.range == pytest.approx((-0.2784645, np.inf), abs=1e-4)
    assert textbook.monotone is False
    assert np.isnan(textbook(np.nan))


def test_limits_follow_the_parameter():
    @nl.activation()
    def scaled(x, *, beta=1.0):
        return x * nl.sigmoid(beta * x)

    ends = np.array([-np.inf, np.inf])
    np.testing.assert_array_equal(scaled(ends), [0, np.inf])
    np.testing.assert_array_equal(scaled(ends, beta=-1.0), [-np.inf, 0])


def test_five_lines_pass_the_check():
    @nl.activation()
    def five_lines(x):
        return exp(-x * x)

    @five_lines.derivative
    def _(x):
        return -2 * (x * exp(-x * x))

    check_activation("five_lines", points=300)


def test_a_derivative_that_is_zero_but_not_written_so_cannot_learn():
    @nl.activation()
    def stairs(x):
        return where(x > 0, 1, 0)

    @stairs.derivative
    def _(x):
        return 0 * x

    assert not stairs.trainable
