"""Loss functions: elementwise ones of (prediction, target), and row ones of (logits, targets)."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any, Literal, TypeVar

from ..errors import InputError
from . import registry
from .expression import Expression
from .records import Definition, Formula, backend

Reduction = Literal["mean", "sum", "none"]
L = TypeVar("L", bound="Loss")


class Loss(Definition):
    """A loss: callable on arrays, with its gradient with respect to the first argument.

    Facts
    -----
    tasks : what it can train, "regression" or "classification"
    domain : what the targets must be: "real" or "probability"
    output : the activation that turns what the loss takes into a prediction, such as "softmax" for logits
    """

    _registry_name = "losses"
    inputs = ("predictions", "targets")

    def __init__(
        self,
        function: Formula,
        *,
        tasks: tuple[str, ...],
        domain: str = "real",
        output: str = "identity",
        **record: Any,
    ) -> None:
        super().__init__(function, **record)
        self.tasks = tasks
        self.domain = domain
        self.output = output

    def gradient(self, predictions: Any = None, targets: Any = None, /, **options: Any) -> Any:
        """The gradient of the reduced loss with respect to the predictions, shaped like them.

        `reduction="none"` gives the gradient of the sum. As a decorator of a formula it defines the gradient.
        """
        if isinstance(predictions, FunctionType):
            return self.define("gradient", predictions)
        return self._compute("gradient", *self._arrays(predictions, targets, options))

    def __call__(self, predictions: Any = None, targets: Any = None, /, **options: Any) -> Any:
        """The loss: a number for `reduction="mean"` (default) or "sum", an array for "none"."""
        return self._compute("value", *self._arrays(predictions, targets, options))

    def value_and_gradient(self, predictions: Any = None, targets: Any = None, /, **options: Any) -> tuple[Any, Any]:
        """The loss and its gradient, as a pair."""
        return self._compute("value_and_gradient", *self._arrays(predictions, targets, options))

    def _arrays(self, *given: Any) -> tuple[tuple[Any, Any], dict[str, Any]]:
        """The two arrays, given by place or by the names in the formula, and the other options."""
        *arrays, options = given
        options = dict(options)
        for place, name in enumerate(self.inputs):
            arrays[place] = options.pop(name, arrays[place]) if arrays[place] is None else arrays[place]
            if arrays[place] is None:
                raise InputError(f"{self.name} needs {' and '.join(self.inputs)}; {name} is missing")
        return (arrays[0], arrays[1]), options

    def _compute(self, part: str, inputs: tuple[Any, Any], options: dict[str, Any]) -> Any:
        if any(isinstance(x, Expression) for x in inputs):
            outputs = self.trace(part, *inputs, **options)
            return outputs[0] if len(outputs) == 1 else outputs
        return backend().call_loss(self, part, inputs, options)

    def trace(self, part: str, *inputs: Expression, **parameters: Any) -> tuple[Expression, ...]:
        """The formula of a part on the given symbols; the pair is the two parts together."""
        if part == "value_and_gradient":
            return self.trace("value", *inputs, **parameters) + self.trace("gradient", *inputs, **parameters)
        return super().trace(part, *inputs, **parameters)


class ElementwiseLoss(Loss):
    """A loss of one prediction and one target."""

    kind = "elementwise"


class RowLoss(Loss):
    """A loss of a row of logits and a row of target probabilities (or the index of a class)."""

    kind = "row"
    inputs = ("logits", "targets")
    reduces = True
    has_axis = True


def loss_definition(*, tasks: tuple[str, ...], kind: type[L] = ElementwiseLoss, **facts: Any) -> Callable[[Formula], L]:
    """Decorator that makes a formula of (predictions, targets) a loss, registered under the function's name.

    Parameters
    ----------
    tasks : what it can train, a tuple of "regression" and "classification"
    kind : ElementwiseLoss (default), or RowLoss for a formula of a row of logits
    domain : what targets must be, "real" (default) or "probability"
    output : the activation that makes a prediction of what the loss takes, such as "softmax"
    aliases, reference, same_as, parameters : as for `nonlin.activation`

    Raises
    ------
    InputError
        When a name is taken or a task is unknown.

    Examples
    --------
    >>> import nonlin as nl
    >>> @nl.loss_definition(tasks=("regression",))
    ... def quartic(predictions, targets):
    ...     '''The fourth power of the error.'''
    ...     return (predictions - targets) ** 4
    >>> @quartic.gradient
    ... def _(predictions, targets):
    ...     return 4 * (predictions - targets) ** 3
    >>> float(quartic([3.0, 1.0], [1.0, 1.0]))
    8.0
    """
    if isinstance(tasks, str) or not set(tasks) <= {"regression", "classification"}:
        raise InputError(f"tasks must be a tuple of 'regression' and 'classification', got {tasks!r}")

    made: Any = kind
    return lambda formula: registry.losses.add(made(formula, tasks=tasks, **facts))
