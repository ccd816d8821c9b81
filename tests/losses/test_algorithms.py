"""What all losses that are algorithms have in common."""

import doctest

import numpy as np
import pytest

import nonlin as nl
from nonlin.definition import loss_definition, registry
from nonlin.definition.expression import symbol
from nonlin.errors import InputError
from nonlin.losses.algorithm import AlgorithmLoss

ALGORITHMS = [name for name in nl.losses() if nl.get_loss(name).kind == "algorithm"]


def given(name):
    """The inputs of a call, the first of them in float32."""
    random = np.random.default_rng(0)
    inputs = {
        "ctc": (random.normal(size=(4, 2, 3)), [[1, 2], [2, 2]], [4, 4], [2, 1]),
        "linear_cross_entropy": (random.normal(size=(6, 3)), random.normal(size=(5, 3)).astype(np.float32), [1] * 6),
        "multilabel_margin": (random.normal(size=(6, 3)), random.integers(0, 2, (6, 3))),
    }
    first, *others = inputs[name]
    return first.astype(np.float32), *others


@pytest.mark.parametrize("name", ALGORITHMS)
def test_the_example_in_its_documentation_is_right(name):
    example = doctest.DocTestParser().get_doctest(nl.get_loss(name).__doc__, {}, name, None, 0)
    assert example.examples
    assert doctest.DocTestRunner().run(example).failed == 0


@pytest.mark.parametrize("name", ALGORITHMS)
def test_an_algorithm_has_no_formula(name):
    loss = nl.get_loss(name)
    assert loss.formula == loss.derivative_formula == ""
    assert not loss.has("value")
    with pytest.raises(InputError, match=f"{name} is an algorithm"):
        loss(*[symbol(name) for name in loss.inputs])


@pytest.mark.parametrize("name", ALGORITHMS)
def test_the_gradient_goes_where_it_is_wanted(name):
    loss, inputs = nl.get_loss(name), given(name)
    value, gradient = loss.value_and_gradient(*inputs)
    assert value == loss(*inputs)
    np.testing.assert_array_equal(loss.gradient(*inputs), gradient)
    first = inputs[0].copy()
    assert loss.gradient(first, *inputs[1:], out=first) is first  # in place
    np.testing.assert_array_equal(first, gradient)
    with pytest.raises(InputError, match="out of"):
        loss(*inputs, out=first)


@pytest.mark.parametrize("name", ALGORITHMS)
def test_weights_of_nothing(name):
    first, *others = given(name)
    count = first.shape[1] if name == "ctc" else len(first)
    with pytest.raises(InputError, match=f"the weights of {name} sum to 0: there is no mean"):
        nl.get_loss(name)(first, *others, sample_weight=np.zeros(count))
    assert nl.get_loss(name)(first, *others, sample_weight=np.zeros(count), reduction="sum") == 0


@pytest.mark.parametrize("name", ["ctc", "multilabel_margin"])
def test_only_class_indices_can_be_ignored(name):
    with pytest.raises(InputError, match=f"{name} takes no ignore_index"):
        nl.get_loss(name)(*given(name), ignore_index=1)


def test_an_algorithm_that_no_backend_knows():
    @loss_definition(kind=AlgorithmLoss)
    def unheard_of(predictions, targets):
        """Nobody can compute it."""

    try:
        with pytest.raises(InputError, match="unheard_of is an algorithm that this backend lacks; it has ctc,"):
            unheard_of([1.0], [1.0])
    finally:
        registry.losses.remove("unheard_of")
