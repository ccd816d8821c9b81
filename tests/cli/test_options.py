"""Comma-separated values, and the choice of activations and reference."""

from __future__ import annotations

import pytest

from nonlin.cli.arms import choose
from nonlin.cli.options import complete_activation, split_names, split_sizes
from nonlin.errors import InputError


def test_blanks_around_names_do_not_count():
    assert split_names(" relu , gelu", "--activations") == ["relu", "gelu"]


@pytest.mark.parametrize("text", ["", " ", "relu,", ",relu", "relu,,gelu"])
def test_empty_names_are_refused(text):
    with pytest.raises(InputError, match="empty name"):
        split_names(text, "--activations")


@pytest.mark.parametrize("text", ["0", "64,-1", "8.5", "wide", "64,,64", "1e3", "²"])
def test_sizes_are_positive_whole_numbers(text):
    with pytest.raises(InputError, match="--hidden"):
        split_sizes(text, "--hidden")


@pytest.mark.parametrize(
    ("activations", "reference", "expected"),
    [
        ("gelu,relu", None, (["gelu", "relu"], "relu")),
        ("gelu,tanh", None, (["gelu", "tanh"], "gelu")),
        ("gelu,swish", "SiLU", (["gelu", "silu"], "silu")),
        ("gelu", "tanh", (["tanh", "gelu"], "tanh")),
    ],
)
def test_arms_and_reference(activations, reference, expected):
    assert choose(activations, reference) == expected


@pytest.mark.parametrize(
    ("activations", "said"),
    [
        ("relu,gleu", "did you mean 'gelu'"),
        ("relu,step", "cannot learn: its gradient is zero everywhere"),
        ("relu,softmax", "rows"),
        ("relu,swiglu", "two halves of a row"),
        ("swish,relu,SiLU", "lists 'silu' twice, as 'swish' and as 'SiLU'"),
        ("relu", "at least two"),
    ],
)
def test_arms_that_cannot_be_compared(activations, said):
    with pytest.raises(InputError, match=said):
        choose(activations, None)


def test_completion_goes_on_after_a_comma():
    assert complete_activation("relu,leak") == ["relu,leaky_relu"]
    assert complete_activation("leak") == ["leaky_relu"]
