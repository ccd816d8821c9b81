"""The non-linearities of neural networks: exact functions, fast training, honest comparison.

Examples
--------
>>> import nonlin as nl
>>> nl.gelu([-1.0, 0.0, 1.0]).round(4)
array([-0.1587,  0.    ,  0.8413])
>>> nl.gelu.derivative(0.0)
np.float64(0.5)
>>> nl.get("swish") is nl.silu
True
"""

from typing import TYPE_CHECKING, Any

from . import activations as _definitions
from . import losses as loss
from . import primitives
from .activations import *
from .definition import (
    Activation,
    Concatenated,
    Elementwise,
    Gated,
    Loss,
    Parameter,
    Pooled,
    Row,
    RowLoss,
    activation,
    loss_definition,
)
from .definition import registry as _registry
from .errors import InputError
from .one_hot import one_hot

if TYPE_CHECKING:
    from .study import Comparison, compare

__version__ = "0.1.0"


def get(name: str | Activation) -> Any:
    """The activation of a name or alias, in any library's spelling.

    Raises
    ------
    InputError
        When there is none; the message suggests the nearest name.

    Examples
    --------
    >>> get("swish").name
    'silu'
    >>> get("gleu")
    Traceback (most recent call last):
    nonlin.errors.InputError: unknown activation 'gleu'; did you mean 'gelu'?
    """
    return _registry.activations.get(name)


def get_loss(name: str | Loss) -> Any:
    """The loss of a name or alias, in any library's spelling.

    Raises
    ------
    InputError
        When there is none; the message suggests the nearest name.

    Examples
    --------
    >>> get_loss("mean_squared_error").name
    'mse'
    """
    return _registry.losses.get(name)


def activations() -> list[str]:
    """The names of all activations, users' own included.

    >>> "gelu" in activations()
    True
    """
    return _registry.activations.names()


def losses() -> list[str]:
    """The names of all losses, users' own included.

    >>> "mse" in losses()
    True
    """
    return _registry.losses.names()


_LAZY = {"compare": "nonlin.study", "Comparison": "nonlin.study"}


def __getattr__(name: str) -> Any:
    """Load what needs more than NumPy at its first use."""
    if name in _LAZY:
        from importlib import import_module

        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'nonlin' has no attribute {name!r}")


__all__ = [
    "Activation",
    "Comparison",
    "Concatenated",
    "Elementwise",
    "Gated",
    "InputError",
    "Loss",
    "Parameter",
    "Pooled",
    "Row",
    "RowLoss",
    "activation",
    "activations",
    "compare",
    "get",
    "get_loss",
    "loss",
    "loss_definition",
    "losses",
    "one_hot",
    "primitives",
]
__all__ += _definitions.__all__
