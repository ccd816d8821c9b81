"""`nonlin list` and `nonlin show`: what is registered is what is told."""

from __future__ import annotations

import json
import re

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


def _listed(result):
    """The names in the first column of a table."""
    return [line.split()[0] for line in result.out.splitlines()[1:] if line]


def test_filters_choose_by_family_and_fact_and_can_be_combined(nonlin):
    rectifiers = _listed(nonlin("list", "--family", "rectifiers"))
    assert {"relu", "leaky_relu", "step"} <= set(rectifiers)
    assert "gelu" not in rectifiers
    assert {"relu", "silu"} <= set(_listed(nonlin("list", "--family", "rectifiers,self_gated")))
    smooth = _listed(nonlin("list", "--smooth"))
    assert {"gelu", "tanh", "softplus"} <= set(smooth)
    assert not {"relu", "elu", "softmax", "mse"} & set(smooth)  # elu's second derivative jumps
    both = _listed(nonlin("list", "--smooth", "--monotone"))
    assert {"tanh", "sigmoid", "softplus"} <= set(both)
    assert not {"gelu", "silu", "relu"} & set(both)  # gelu and silu decrease left of their minimum
    assert _listed(nonlin("list", "--monotone", "--smooth", "--family", "rectifiers")) == ["identity"]


def test_a_library_has_the_functions_that_it_has(torch, nonlin):
    listed = _listed(nonlin("list", "activations", "--in", "torch"))
    assert {"relu", "gelu", "softmax", "glu"} <= set(listed)
    assert "serf" not in listed
    for name in listed:
        spelling = nl.get(name).same_as["torch"].split("(")[0].split()[0]
        found = torch
        for part in spelling.removeprefix("torch.").split("."):
            found = getattr(found, part, None) or getattr(torch.nn.functional, part)
        assert callable(found), spelling
    in_both = set(_listed(nonlin("list", "activations", "--in", "torch, sklearn")))
    assert in_both == {"identity", "relu", "sigmoid", "softmax", "tanh"}
    assert "mse" in nonlin("list", "--in", "keras").out  # losses too
    assert "mse" in _listed(nonlin("list", "losses", "--in", "keras", "--family", "regression"))


def test_libraries_have_short_names(nonlin):
    assert _listed(nonlin("list", "activations", "--in", "tf")) == _listed(
        nonlin("list", "activations", "--in", "tensorflow")
    )
    assert "xielu" in _listed(nonlin("list", "activations", "--in", "HF"))


def test_nothing_that_passes_is_said(nonlin):
    assert "no activations pass all these filters" in nonlin("list", "--in", "sklearn", "--family", "shrinkage").out
    assert "no activations pass all these filters" in nonlin("list", "--in", "sklearn,optax,onnx").out


def test_unknown_families_and_libraries_get_the_nearest_one(refused):
    assert "unknown library 'pytorch'; did you mean 'torch'?" in refused("list", "--in", "pytorch")
    assert "unknown family 'rectifier'; did you mean 'rectifiers'?" in refused("list", "--family", "rectifier")
    assert "unknown family 'rectifiers'" in refused("list", "losses", "--family", "rectifiers")
    assert "--smooth is about activations" in refused("list", "losses", "--smooth")
    assert "--monotone is about activations" in refused("list", "losses", "--monotone")
    assert "--in ','" in refused("list", "--in", ",")


def test_facts_stand_beside_each_other(nonlin):
    lines = {line.split()[0]: line.split() for line in nonlin("list", "--facts").out.splitlines() if line}
    assert set(nl.activations() + nl.losses()) <= set(lines)
    # Published: tanh is 1-Lipschitz; a sigmoid's slope is at most 1/4; He et al. 2015 for relu's gain.
    assert lines["tanh"][1:8] == ["sigmoids", "-1", "to", "1", "yes", "smooth", "1"]
    assert lines["sigmoid"][7] == "0.25"
    assert lines["relu"][2:] == ["0", "to", "inf", "yes", "C0", "0", "1", "1.414"]
    assert "negative_slope=0.01" in lines["leaky_relu"]
    assert lines["step"][6:9] == ["jumps", "0", "inf"]
    assert lines["softmax"][2:5] == ["0", "to", "1"]
    assert "softmax" in lines["cross_entropy"]


def test_the_facts_of_losses_stand_beside_each_other(nonlin):
    """Published: Huber's slope is at most delta; a logistic loss is convex and proper, and a cosine is not convex."""
    rows = {line.split()[0]: line for line in nonlin("list", "losses", "--facts").out.splitlines()}
    assert set(nl.losses()) <= set(rows)
    assert re.search(r"regression +any numbers +identity +yes +1 ", rows["huber"])
    assert re.search(r"classification .* sigmoid +yes +1 +probability", rows["binary_cross_entropy"])
    assert re.search(r"identity +yes +inf +mean +yes", rows["mse"])
    assert "-1 or 1" in rows["hinge"]
    assert re.search(r"identity +yes +-$", rows["max_error"])  # a metric: there is no slope


def test_show_tells_the_facts_of_a_loss(nonlin):
    def line(name, heading):
        return next(text for text in nonlin("show", name).out.splitlines() if text.strip().startswith(heading))

    assert line("cross_entropy", "decision").split() == ["decision", "argmax"]
    assert "multinomial logit" in line("cross_entropy", "prediction")
    assert "indices of classes" in line("cross_entropy", "targets")
    assert "sum to 1" in line("kl_divergence", "predictions")
    assert line("hinge", "targets").endswith("-1 or 1")
    assert line("hinge", "decision").endswith("sign")
    assert line("mse", "Hessian").endswith("known")
    assert line("huber", "Lipschitz").split()[1] == "1,"
    assert "metric" in line("max_error", "Lipschitz")
    assert "torch: nn.functional.huber_loss" in nonlin("show", "huber").out
    assert "optional" in line("binary_cross_entropy", "pos_weight")


def test_json_has_the_facts_of_losses(nonlin):
    by_name = {loss["name"]: loss for loss in json.loads(nonlin("list", "losses", "--json").out)["losses"]}
    hinge, cross_entropy = by_name["hinge"], by_name["cross_entropy"]
    assert hinge["inputs"] == {"predictions": "real", "targets": "sign"}
    assert (hinge["convex"], hinge["lipschitz"], hinge["decision"]) == (True, 1, "sign")
    assert (cross_entropy["output"], cross_entropy["proper"]) == ("softmax", "probability")
    assert by_name["mse"]["lipschitz"] == "inf"
    assert not by_name["max_error"]["has_gradient"]


def test_summaries_are_said_in_words(nonlin):
    """What kind of summary a loss is was once shown in place of its first line."""
    assert "The root of the mean squared error" in nonlin("show", "rmse").out
    words = {loss["name"]: loss["summary"] for loss in json.loads(nonlin("list", "losses", "--json").out)["losses"]}
    assert [name for name, text in words.items() if " " not in text] == []


def test_families_of_losses_are_chosen_too(nonlin):
    assert {"hinge", "perceptron"} <= set(_listed(nonlin("list", "--family", "margins")))
    both = nonlin("list", "--family", "margins,rectifiers").out
    assert "hinge" in both
    assert "relu" in both


@pytest.mark.parametrize("columns", [40, 80, 120, 200])
def test_the_table_of_facts_fits_the_terminal(nonlin, monkeypatch, columns):
    monkeypatch.setattr("nonlin.cli.output.on_terminal", lambda: True)
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = nonlin("list", "activations", "--facts").out.splitlines()
    assert max(len(line.rstrip()) for line in lines) <= columns
    if columns >= 80:
        assert "Lipschitz" in lines[0]
        assert "gain" in lines[0]
    assert any("1.414" in line for line in lines)


def test_show_tells_what_is_computed(nonlin):
    """Published values: He et al. 2015 (gain), Schoenholz et al. 2017 (edge of chaos)."""

    def line(name, heading):
        return next(text for text in nonlin("show", name).out.splitlines() if text.strip().startswith(heading))

    assert "1.414213562" in line("relu", "edge of chaos")
    assert line("relu", "dead").split() == ["dead", "x", "<=", "0"]
    assert line("relu", "fixed points").endswith("x >= 0")
    assert "0.25" in line("sigmoid", "Lipschitz")
    assert "nowhere" in line("gelu", "dead")
    assert "x >= " in line("tanh", "saturates")
    assert line("tanh", "centered gain").split()[2].startswith("1.59253742")  # PyTorch rounds it to 5/3
    assert "none: step has no edge of chaos" in line("step", "edge of chaos")
    assert "25 in all" in line("snake", "fixed points")


def test_show_names_the_function_in_each_library(nonlin):
    text = nonlin("show", "relu").out
    for library, spelling in nl.relu.same_as.items():
        assert f"{library}: {spelling}" in text


def test_json_has_the_computed_facts(nonlin):
    listed = json.loads(nonlin("list", "--json", "--family", "rectifiers,gated").out)
    by_name = {record["name"]: record for record in listed["activations"]}
    assert by_name["relu"]["fixed_points"] == [[0, "inf"]]
    assert by_name["relu"]["dead"] == [["-inf", 0]]
    assert by_name["relu"]["critical_initialization"] == pytest.approx([2**0.5, 0])
    assert by_name["step"]["lipschitz"] == "inf"
    assert by_name["step"]["critical_initialization"] is None
    assert "lipschitz" not in by_name["swiglu"]


def test_a_definition_without_a_derivative_is_listed(nonlin, tmp_path):
    source = "import nonlin as nl\n\n@nl.activation()\ndef underived(x):\n    return x * x\n"
    (tmp_path / "mine.py").write_text(source)
    line = next(
        line
        for line in nonlin("list", "--facts", "--import", "mine.py").out.splitlines()
        if line.startswith("underived")
    )
    assert line.split()[2:] == ["0", "to", "inf", "no", "smooth", "-", "0.5774"]  # 1 / sqrt(E z^4) = 1 / sqrt(3)


def test_a_definition_whose_mean_square_is_infinite_is_shown_without_gains(nonlin, tmp_path):
    source = "import nonlin as nl\n\n@nl.activation()\ndef exploding(x):\n    return nl.exponential(x * x)\n"
    source += "\n@exploding.derivative\ndef _(x):\n    return 2 * x * nl.exponential(x * x)\n"
    (tmp_path / "exploding_one.py").write_text(source)
    result = nonlin("show", "exploding", "--import", "exploding_one.py")
    assert (result.code, result.err) == (0, "")
    assert "formula" in result.out
    assert "gain" not in result.out


def test_an_unknown_name_gets_the_nearest_one(refused):
    assert "did you mean 'sigmoid'?" in refused("show", "sigmoit")
    assert "did you mean 'cross_entropy'?" in refused("show", "cross_entropi")


def test_a_loss_has_no_picture(refused):
    assert "loss" in refused("show", "mse", "-o", "mse.svg")
