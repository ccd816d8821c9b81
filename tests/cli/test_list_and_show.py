"""`nonlin list` and `nonlin show`: what is registered is what is told."""

from __future__ import annotations

import json

import pytest

import nonlin as nl
from nonlin.activations import __all__ as built_in
from nonlin.losses import __all__ as built_in_losses


def test_list_has_a_line_for_every_function(nonlin):
    names = [line.split()[0] for line in nonlin("list").out.splitlines() if line]
    assert set(nl.activations() + nl.losses()) <= set(names)


def test_list_can_be_narrowed(nonlin):
    losses = nonlin("list", "losses").out
    assert "mse" in losses
    assert "gelu" not in losses


def test_json_is_complete_and_has_published_facts(program):
    result = program("list", "--json")
    assert result.code == 0, result.err
    listed = json.loads(result.out)
    by_name = {record["name"]: record for record in listed["activations"]}
    assert set(by_name) == set(built_in)
    assert by_name["sigmoid"]["range"] == [0, 1]
    assert by_name["relu"]["range"] == [0, "inf"]
    assert by_name["relu"]["kinks"] == [0]
    assert by_name["relu"]["gain"] == pytest.approx(2**0.5)  # He et al. 2015
    assert by_name["leaky_relu"]["parameters"]["negative_slope"]["default"] == 0.01  # PyTorch's
    assert not by_name["step"]["trainable"]
    assert "swish" in by_name["silu"]["aliases"]
    assert {record["name"] for record in listed["losses"]} == set(built_in_losses)


@pytest.mark.parametrize("name", [*nl.activations(), *nl.losses()])
def test_every_function_can_be_shown(nonlin, name):
    result = nonlin("show", name)
    assert result.code == 0
    assert result.out.startswith(f"{name}: ")
    assert "formula" in result.out


def test_show_tells_the_facts(nonlin):
    text = nonlin("show", "swish").out
    assert text.startswith("silu: ")
    assert "no" in next(line for line in text.splitlines() if "monotone" in line)
    assert "-0.278465 to inf" in text
    assert "1.676532" in text  # 1 / sqrt(E silu(z)^2), by 50-digit quadrature
    assert "arXiv" in text


def test_show_fits_a_narrow_terminal_and_leaves_pipes_alone(nonlin, monkeypatch):
    whole = nonlin("show", "gelu").out
    monkeypatch.setattr("nonlin.cli.output.on_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", "50")
    lines = nonlin("show", "gelu").out.splitlines()
    assert max(map(len, lines)) <= 50
    assert max(map(len, whole.splitlines())) > 50
    facts = lines[: next(i for i, line in enumerate(lines) if line.strip().startswith("f(x)"))]
    assert "".join("".join(facts).split()) in "".join(whole.split())


def test_show_names_parameters_with_their_defaults(nonlin):
    line = next(line for line in nonlin("show", "leaky_relu").out.splitlines() if "parameter negative_slope" in line)
    assert "0.01" in line


def test_show_says_why_step_cannot_be_trained(nonlin):
    assert "derivative is zero everywhere" in nonlin("show", "step").out


def test_an_unknown_name_gets_the_nearest_one(refused):
    assert "did you mean 'sigmoid'?" in refused("show", "sigmoit")
    assert "did you mean 'cross_entropy'?" in refused("show", "cross_entropi")


def test_a_loss_has_no_picture(refused):
    assert "loss" in refused("show", "mse", "-o", "mse.svg")
