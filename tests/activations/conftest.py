"""Other libraries' values and derivatives, for tests that compare with them or show where they fail."""

import numpy as np
import pytest


@pytest.fixture
def torch(torch):
    """A function of (formula over torch, F, x; a NumPy array): its values and derivatives as NumPy arrays."""

    def both(formula, x):
        given = torch.tensor(np.asarray(x), requires_grad=True)
        result = formula(torch, torch.nn.functional, given)
        result.sum().backward()
        return result.detach().numpy(), given.grad.numpy()

    return both


@pytest.fixture
def jax():
    """The same for a formula over (jax.numpy, jax.nn, x); float32 only."""
    jax = pytest.importorskip("jax")

    def both(formula, x):
        x = jax.numpy.asarray(x, np.float32)

        def function(given):
            return formula(jax.numpy, jax.nn, given)

        derivative = jax.grad(lambda given: function(given).sum())
        return np.asarray(function(x)), np.asarray(derivative(x))

    return both
