"""What the tests of single primitives share."""

from functools import cache

import numpy as np
import pytest

from nonlin.definition import Elementwise, primitives


@pytest.fixture(scope="session")
def only():
    """A function of a primitive's name: an activation that is it and says that it is its own derivative."""

    @cache
    def activation(name):
        def formula(x):
            return getattr(primitives, name)(x)

        formula.__name__ = f"only_{name}"
        record = Elementwise(formula, range=(-np.inf, np.inf), monotone=False, smoothness=np.inf)
        record.derivative(lambda x: formula(x))
        return record

    return activation
