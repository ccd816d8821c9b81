"""Decorators, registry, parameters, tracing and the rules of a definition's source."""

import pickle

import numpy as np
import pytest

import nonlin as nl
from nonlin.definition import Elementwise, registry
from nonlin.definition.expression import evaluate, number, symbol
from nonlin.errors import InputError
from nonlin.primitives import exp, where
from nonlin.testing.rules import broken_rules


@pytest.fixture
def forget():
    """Names to remove from the registry after a test."""
    names: list[str] = []
    yield names
    for name in names:
        registry.activations.remove(name)


@pytest.mark.parametrize(("alias", "name"), [("swish", "silu"), ("logistic", "sigmoid"), ("linear", "identity")])
def test_aliases_find_the_same_record(alias, name):
    assert nl.get(alias) is nl.get(name.upper()) is getattr(nl, name)


def test_unknown_names_suggest_the_nearest():
    with pytest.raises(InputError, match=r"unknown activation 'gleu'; did you mean 'gelu'\?"):
        nl.get("gleu")
    with pytest.raises(InputError, match="did you mean 'cross_entropy'"):
        nl.get_loss("crossentropy_")


def test_a_taken_alias_is_refused(forget):
    with pytest.raises(InputError, match="'swish' is taken by 'silu'"):

        @nl.activation(aliases=("swish",))
        def my_swish(x):
            return x

    assert "my_swish" not in nl.activations()


def test_records_pickle_to_themselves():
    assert pickle.loads(pickle.dumps(nl.gelu)) is nl.gelu
    assert pickle.loads(pickle.dumps(nl.loss.mse)) is nl.loss.mse


def test_equal_formulas_are_one_node():
    x = symbol("x")
    assert exp(-abs(x)) is exp(-abs(x))
    assert number(0.0) is number(0)
    assert number(-0.0) is not number(0)


def test_a_branch_on_the_input_is_refused():
    with pytest.raises(TypeError, match="where"):
        bool(symbol("x") > 0)


def test_binding_to_another_table_gives_that_librarys_values():
    """A backend is a table of primitives: plain Python floats here."""
    import math
    import operator

    table = {
        "number": float,
        "exp": math.exp,
        "abs": abs,
        "add": operator.add,
        "divide": operator.truediv,
        "negative": operator.neg,
        "less": operator.lt,
        "where": lambda c, a, b: a if c else b,
    }
    (value,) = evaluate(nl.sigmoid.expressions("value"), table, {"x": -3.0})
    assert value == pytest.approx(1 / (1 + math.exp(3)), rel=1e-15)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("leaky_relu", {"negativ_slope": 0.1}, "did you mean 'negative_slope'"),
        ("relu", {"alpha": 1}, "relu has no parameter 'alpha'; it takes none"),
        ("swish", {"beta": 2}, "silu has no parameter 'beta'; swish_beta has"),
        ("softmax", {"dim": 0}, "softmax has no parameter 'dim'; write axis, as in NumPy"),
        ("glu", {"dim": -1}, "write axis"),
        ("relu", {"dim": 0}, "it takes none"),
        ("gelu", {"tanh": 1}, "gelu has no parameter 'tanh'; it takes none"),  # gelu_tanh does not take it either
    ],
)
def test_wrong_parameters_are_named(name, given, message):
    with pytest.raises(InputError, match=message):
        nl.get(name)(np.ones(3), **given)


def test_a_parameter_outside_its_range_is_refused(forget):
    @nl.activation(parameters={"width": nl.Parameter(1.0, low=0.0)})
    def bell(x, *, width=1.0):
        return exp(-x * x * width)

    forget.append("bell")
    with pytest.raises(InputError, match="width must be at least 0, got -1"):
        bell(1.0, width=-1)


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("hardtanh", {"min_val": 3.0}, "min_val of hardtanh must be at most max_val, got min_val=3 and max_val=1"),
        ("gelu_clipped", {"max_val": -11.0}, "min_val of gelu_clipped must be at most max_val"),
        ("rrelu", {"lower": 0.5, "upper": 0.25}, "lower of rrelu must be at most upper, got lower=0.5 and upper=0.25"),
        ("hardtanh", {"min_val": [0.0, 3.0], "max_val": [1.0, 2.0]}, "got min_val=3 and max_val=2"),
    ],
)
def test_parameters_in_the_wrong_order_are_refused(name, given, message):
    for function in (nl.get(name), nl.get(name).derivative):
        with pytest.raises(InputError, match=message):
            function(np.ones(2), **given)


def test_parameters_in_order_may_be_equal():
    np.testing.assert_array_equal(nl.hardtanh(np.array([-2.0, 0.0, 2.0]), min_val=0.5, max_val=0.5), 0.5)


@pytest.mark.parametrize("name", nl.activations())
def test_an_order_is_declared_between_parameters_whose_defaults_keep_it(name):
    record = nl.get(name)
    for known in record.parameters.values():
        assert not known.up_to or known.default <= record.parameters[known.up_to].default


def _branching(x):
    if x > 0:
        return x
    return 0


def _looping(x):
    for _ in range(3):
        x = x * x
    return x


def _decimal(x):
    return x * 0.70710678118654757


def _foreign(x):
    return np.exp(x)


def _calling_a_loop(x):
    return 1 + _looping(x)


def _circular(x):
    return _and_back(x)


def _and_back(x):
    return _circular(x)


def _part(x, e):
    """A part of a formula may have a name of its own."""
    return where(x < 0, e, 1), e


def _clean(x):
    part, e = _part(x, exp(-abs(x)))
    return part * 1.702 + 3 / 2 + e


@pytest.mark.parametrize(
    ("function", "complaint"),
    [
        (_branching, "assignments"),
        (_looping, "assignments"),
        (_decimal, "named constant"),
        (_foreign, "np"),
        (_calling_a_loop, "in _looping, line 2: only assignments"),
        (_circular, "in _and_back, line 2: in _circular, it calls itself"),
    ],
)
def test_rules_name_what_is_wrong(function, complaint):
    assert any(complaint in sentence for sentence in broken_rules(function)), broken_rules(function)


def test_rules_accept_straight_line_code():
    assert broken_rules(_clean) == []


def test_the_text_of_a_formula_has_the_functions_that_it_calls():
    record = Elementwise(_clean)
    assert record.formula.split("\n") == [
        "part, e = _part(x, exp(-abs(x)))",
        "part * 1.702 + 3 / 2 + e",
        "with _part(x, e):",
        "    (where(x < 0, e, 1), e)",
    ]
    record.derivative(_circular)
    assert record.derivative_formula == "_and_back(x)\nwith _and_back(x):\n    _circular(x)"


def test_the_text_of_a_formula_has_no_function_whose_name_it_assigns():
    """`_` is a result that is not needed, and the last derivative of its module."""
    shown = {name: nl.get_loss(name).formula + nl.get_loss(name).derivative_formula for name in nl.losses()}
    assert "log_p, _, lack" in shown["focal"]
    assert [name for name, text in shown.items() if "with _(" in text] == []


def test_trainable_is_false_only_without_gradient():
    assert [name for name in nl.activations() if not getattr(nl.get(name), "trainable", True)] == ["step"]
