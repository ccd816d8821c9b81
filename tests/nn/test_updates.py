"""The solvers' kernels against formulas of their papers, scikit-learn's own solvers and PyTorch's."""

import ctypes

import numpy as np
import pytest
from sklearn.neural_network._stochastic_optimizers import AdamOptimizer, SGDOptimizer

from nonlin.nn.updates import corrected, gradient_squares_kernel, settings, solver_kernel

DTYPES = [np.dtype(np.float32), np.dtype(np.float64)]
COUNT, STEPS, RATE = 64, 7, 0.01
DEFAULTS = {"momentum": 0.9, "nesterovs_momentum": True, "beta_1": 0.9, "beta_2": 0.999, "epsilon": 1e-8}


def normal(seed, *shape):
    return np.random.default_rng(seed).standard_normal(shape)


def close(actual, expected, dtype):
    """The parameters are of size 1, so an error of float32 at that size is one of small ones too."""
    tolerance = 1e-12 if dtype == np.float64 else 1e-6
    np.testing.assert_allclose(actual, expected, rtol=tolerance, atol=tolerance)


def train(solver, dtype, gradients, *, decay=0.0, penalty=0.0, share=1.0, **parameters):
    """The parameters after a step along each of `gradients`, and what the last step returned."""
    chosen = settings(solver, **(DEFAULTS | parameters))
    update = ctypes.CFUNCTYPE(ctypes.c_double, *5 * [ctypes.c_int64], *7 * [ctypes.c_double])(
        solver_kernel(solver, dtype)
    )
    w, m, v = normal(0, COUNT).astype(dtype), np.zeros(COUNT, dtype), np.zeros(COUNT, dtype)
    squares = np.nan
    for steps, gradient in enumerate(gradients.astype(dtype), 1):
        g = gradient.copy()
        rate, c = corrected(RATE, chosen.c, steps, chosen.beta_1, chosen.beta_2, chosen.beta_c)
        buffers = (array.ctypes.data for array in (w, g, m, v))
        squares = update(*buffers, COUNT, penalty, share, rate, RATE * decay, chosen.a, chosen.b, c)
    return w, squares


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("solver", ["adam", "sgd", "plain sgd"])
def test_adam_and_sgd_are_scikit_learns(solver, dtype):
    gradients, expected = normal(1, STEPS, COUNT), normal(0, COUNT)
    peer = (
        AdamOptimizer([expected], RATE)
        if solver == "adam"
        else SGDOptimizer([expected], RATE, nesterov=solver == "sgd")
    )
    for gradient in gradients:
        peer.update_params([expected], [gradient])
    w, _ = train(solver.split()[-1], dtype, gradients, nesterovs_momentum=solver == "sgd")
    close(w, expected, dtype)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_nesterov_is_sgd_that_looks_ahead(dtype):
    gradients = normal(1, STEPS, COUNT)
    ahead, _ = train("nesterov", dtype, gradients, nesterovs_momentum=False)
    np.testing.assert_array_equal(ahead, train("sgd", dtype, gradients)[0])


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("solver", ["adamw", "rmsprop", "nesterov"])
def test_solvers_are_torchs(torch, solver, dtype):
    gradients, decay = normal(1, STEPS, COUNT), 0.3 if solver == "adamw" else 0.0
    expected = torch.nn.Parameter(torch.tensor(normal(0, COUNT)))
    peers = {
        "adamw": lambda: torch.optim.AdamW([expected], RATE, weight_decay=decay),
        "rmsprop": lambda: torch.optim.RMSprop([expected], RATE),
        "nesterov": lambda: torch.optim.SGD([expected], RATE, momentum=0.9, nesterov=True),
    }
    peer = peers[solver]()
    for gradient in gradients:
        expected.grad = torch.tensor(gradient)
        peer.step()
    w, _ = train(solver, dtype, gradients, decay=decay)
    close(w, expected.detach().numpy(), dtype)


def adamw(w, gradients, decay):
    """Loshchilov and Hutter 2019, arXiv:1711.05101, algorithm 2 (its alpha being the rate, its eta 1)."""
    m = v = 0.0
    for t, g in enumerate(gradients, 1):
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        w = w - RATE * (m / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8) + decay * w)
    return w


def lion(w, gradients, decay):
    """Chen et al. 2023, arXiv:2302.06675, algorithm 2."""
    m = 0.0
    for g in gradients:
        w, m = w - RATE * (np.sign(0.9 * m + 0.1 * g) + decay * w), 0.99 * m + 0.01 * g
    return w


def rmsprop(w, gradients, decay):
    """Tieleman and Hinton 2012, lecture 6.5, with epsilon and alpha as PyTorch has them."""
    v = 0.0
    for g in gradients:
        v = 0.99 * v + 0.01 * g**2
        w = w - RATE * (g / (np.sqrt(v) + 1e-8) + decay * w)
    return w


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("formula", [adamw, lion, rmsprop], ids=lambda formula: formula.__name__)
@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_solvers_follow_their_papers(formula, decay, dtype):
    gradients = normal(1, STEPS, COUNT)
    w, _ = train(formula.__name__, dtype, gradients, decay=decay)
    close(w, formula(normal(0, COUNT), gradients, decay), dtype)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_lion_stays_where_the_gradient_is_zero_and_shows_what_is_not_a_number(dtype):
    gradients = np.zeros((1, COUNT))
    gradients[0, 1] = np.nan
    w, _ = train("lion", dtype, gradients)
    expected = normal(0, COUNT).astype(dtype)
    expected[1] = np.nan
    np.testing.assert_array_equal(w, expected)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("solver", ["sgd", "adam", "adamw", "rmsprop", "lion"])
def test_penalty_and_share_make_the_gradient_of_the_mean_loss(solver, dtype):
    gradient, before = normal(1, 1, COUNT), normal(0, COUNT).astype(dtype)
    w, squares = train(solver, dtype, gradient, penalty=0.5, share=0.25)
    plain, _ = train(solver, dtype, (gradient + 0.5 * before) * 0.25)
    close(w, plain, dtype)
    assert squares == pytest.approx(np.sum(before.astype(float) ** 2), rel=1e-6)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_gradient_squares_are_those_of_the_penalized_gradient(dtype):
    w, g = normal(0, COUNT).astype(dtype), normal(1, COUNT).astype(dtype)
    squares = ctypes.CFUNCTYPE(ctypes.c_double, *3 * [ctypes.c_int64], ctypes.c_double)(gradient_squares_kernel(dtype))
    exact = np.sum((g.astype(float) + 0.5 * w) ** 2)
    assert squares(w.ctypes.data, g.ctypes.data, COUNT, 0.5) == pytest.approx(
        exact, rel=1e-6 if dtype == "f4" else 1e-14
    )
