"""Starting weights: each rule against the library or the theory that it comes from."""

import numpy as np
import pytest
from scipy import integrate, stats

import nonlin as nl
from nonlin.errors import InputError
from nonlin.facts.edge_of_chaos import edge_of_chaos
from nonlin.nn.initialization import RULES, check_initialization, critical_point, initial_parameters

WIDE = (300, 500, 200, 7)
RELUS = [(nl.relu, {})] * 2


def spread(name, sizes=WIDE, activations=RELUS):
    return [np.sqrt(np.mean(weights**2)) for weights in initial_parameters(name, 5, sizes, activations)[0]]


@pytest.mark.parametrize(
    ("name", "variances"),
    [
        ("he_normal", [2 / 300, 2 / 500, 1 / 200]),
        ("he_uniform", [2 / 300, 2 / 500, 1 / 200]),
        ("glorot_normal", [2 / 800, 2 / 700, 2 / 207]),
        ("glorot_uniform", [2 / 800, 2 / 700, 2 / 207]),
        ("lecun_normal", [1 / 300, 1 / 500, 1 / 200]),
        ("lecun_uniform", [1 / 300, 1 / 500, 1 / 200]),
        ("torch", [1 / 900, 1 / 1500, 1 / 600]),
        ("sklearn", [2 / 800, 2 / 700, 2 / 207]),
        ("critical", [2 / 300, 2 / 500, 1 / 200]),
    ],
)
def test_weights_have_the_variance_of_the_paper(name, variances):
    np.testing.assert_allclose(spread(name), np.sqrt(variances), rtol=0.04)


@pytest.mark.parametrize("name", RULES)
def test_weights_are_centred_and_shaped_and_the_seed_alone_tells_layers_apart(name):
    weights, biases = initial_parameters(name, 5, WIDE, RELUS)
    assert [w.shape for w in weights] == [(300, 500), (500, 200), (200, 7)]
    assert [b.shape for b in biases] == [(500,), (200,), (7,)]
    for w in weights:
        assert abs(w.mean()) < 5 * w.std() / np.sqrt(w.size)
    again, other = initial_parameters(name, 5, WIDE, RELUS)[0], initial_parameters(name, 6, WIDE, RELUS)[0]
    np.testing.assert_array_equal(weights[1], again[1])
    assert not np.array_equal(weights[1], other[1])


def test_uniform_weights_fill_their_bounds_and_normal_ones_leave_them():
    for name, bound in [("he_uniform", np.sqrt(6 / 300)), ("glorot_uniform", np.sqrt(6 / 800)), ("torch", 300**-0.5)]:
        assert 0.999 * bound < np.abs(initial_parameters(name, 0, WIDE, RELUS)[0][0]).max() <= bound
    assert np.abs(initial_parameters("he_normal", 0, WIDE, RELUS)[0][0]).max() > np.sqrt(6 / 300)


def test_he_goes_by_the_gain_of_each_layers_own_activation():
    tanh_gain = 1 / np.sqrt(integrate.quad(lambda z: np.tanh(z) ** 2 * stats.norm.pdf(z), -9, 9)[0])
    found = spread("he_normal", activations=[(nl.tanh, {}), (nl.leaky_relu, {"negative_slope": 0.2})])
    np.testing.assert_allclose(found, np.sqrt([tanh_gain**2 / 300, 2 / 1.04 / 500, 1 / 200]), rtol=0.04)


def test_sklearns_rule_has_its_factor_for_sigmoid_and_draws_biases():
    weights, biases = initial_parameters("sklearn", 0, WIDE, [(nl.get("logistic"), {})] * 2)
    for layer, fans in enumerate([800, 700, 207]):
        bound = np.sqrt(2 / fans)
        assert 0.9 * bound < np.abs(weights[layer]).max() <= bound
        assert 0 < np.abs(biases[layer]).max() <= bound
    relu_weights, relu_biases = initial_parameters("sklearn", 0, WIDE, RELUS)
    np.testing.assert_allclose(relu_weights[0], np.sqrt(3) * weights[0])
    np.testing.assert_allclose(relu_biases[2], np.sqrt(3) * biases[2])


def test_torchs_rule_has_the_bounds_of_its_linear_layer(torch):
    theirs = torch.nn.Linear(300, 500)
    weights, biases = initial_parameters("torch", 0, WIDE, RELUS)
    np.testing.assert_allclose(np.abs(weights[0]).max(), theirs.weight.abs().max().item(), rtol=1e-3)
    np.testing.assert_allclose(np.abs(biases[0]).max(), theirs.bias.abs().max().item(), rtol=0.02)


@pytest.mark.parametrize("sizes", [(40, 20, 3), (20, 40, 3), (30, 30, 3)])
def test_orthogonal_weights_have_the_gain_for_every_singular_value(sizes):
    hidden, last = initial_parameters("orthogonal", 2, sizes, [(nl.relu, {})])[0]
    np.testing.assert_allclose(np.linalg.svd(hidden, compute_uv=False), np.sqrt(2), rtol=1e-12)
    np.testing.assert_allclose(last.T @ last, np.eye(3), atol=1e-12)


def test_orthogonal_weights_favour_no_sign():
    diagonals = [initial_parameters("orthogonal", seed, (3, 3, 1), [(nl.tanh, {})])[0][0][0, 0] for seed in range(300)]
    assert abs(np.mean(np.sign(diagonals))) < 0.2  # LAPACK's own signs would give about -1


@pytest.mark.parametrize("name", ["tanh", "gelu", "relu", "sigmoid"])
def test_a_signal_keeps_its_variance_through_a_critical_network(name):
    """Wide layers carry the variance of the mean field theory, from layer to layer."""
    activation, width, depth = nl.get(name), 1000, 8
    point = critical_point(activation, ())
    weights, biases = initial_parameters("critical", 3, (width,) * (depth + 1) + (2,), [(activation, {})] * depth)
    signs = np.random.default_rng(0).standard_normal((50, width))
    scale = np.sqrt((point.variance - point.sigma_b**2) / point.sigma_w**2)
    values, variances = scale * signs / np.sqrt(np.mean(signs**2)), []
    for w, b in zip(weights[:-1], biases[:-1], strict=True):
        z = values @ w + b
        variances.append(np.mean(z**2))
        values = activation(z)
    np.testing.assert_allclose(variances, point.variance, rtol=0.2)


def test_the_critical_point_is_the_first_whose_variance_lasts():
    assert critical_point(nl.tanh, ()) == edge_of_chaos(nl.tanh, 0.1)
    assert edge_of_chaos(nl.gelu, 0.4).slope > 1 > critical_point(nl.gelu, ()).slope  # a slope of 1 is at 0.416
    assert critical_point(nl.leaky_relu, (("negative_slope", 0.2),)).sigma_w == pytest.approx(np.sqrt(2 / 1.04))
    with pytest.raises(InputError, match="softplus has no edge of chaos"):
        initial_parameters("critical", 0, (3, 4, 1), [(nl.softplus, {})])


@pytest.mark.parametrize("names", [("he_normal", "glorot_normal", "lecun_normal"), ("he_uniform", "torch", "sklearn")])
def test_rules_of_one_distribution_and_all_activations_share_their_draw(names):
    draws = []
    for name in names:
        for activations in (RELUS, [(nl.prelu, {}), (nl.tanh, {})]):
            weights, _ = initial_parameters(name, 9, WIDE, activations)
            draws += [w / w[0, 0] for w in weights[1:2]]
    for draw in draws[1:]:
        np.testing.assert_allclose(draw, draws[0], rtol=1e-12)


def test_a_network_without_hidden_layers_has_a_last_layer():
    for name in RULES:
        weights, biases = initial_parameters(name, 0, (4, 3), [])
        assert (weights[0].shape, biases[0].shape) == ((4, 3), (3,))


@pytest.mark.parametrize(("name", "mend"), [("he_norml", "did you mean 'he_normal'?"), (3, "expected one of auto, ")])
def test_an_unknown_name_is_refused_with_a_mend(name, mend):
    with pytest.raises(InputError) as refusal:
        check_initialization(name)
    assert mend in str(refusal.value)
