"""The kinds of loss that have a formula: of single numbers, of rows, of a whole batch, of pairs of rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from types import FunctionType
from typing import Any, Literal, TypeVar

from ..errors import InputError, suggestion
from ..loss_documentation import DOMAIN_TEXTS
from ..signature import positional_arguments
from . import registry
from .expression import Expression
from .records import Definition, Formula, backend

Reduction = Literal["mean", "sum", "none"]
L = TypeVar("L", bound="Loss")

TASKS = ("regression", "classification")
LINKS = {"identity": "identity", "sigmoid": "logit", "softmax": "multinomial logit", "exponential": "log"}


class Loss(Definition):
    """A loss: callable on arrays, with its gradient with respect to any of its inputs.

    Facts, at the defaults of parameters and without optional inputs
    ----------------------------------------------------------------
    tasks : what it can train, "regression" or "classification"
    domains : what numbers the inputs hold, by name, where not any real ones; `domain` is that of the targets
    output : the activation that turns what the loss takes into a prediction, such as "softmax" for logits
    convex : whether it is convex in its first input
    lipschitz : the largest size of an entry of its gradient, unreduced; infinite where there is none
    proper : what predictions minimise its mean: "mean", "median", "quantile", "probability" or "" for none of these
    """

    _registry_name = "losses"
    has_gradient = True

    def __init__(
        self,
        function: Formula,
        *,
        tasks: tuple[str, ...] = (),
        domains: Mapping[str, str] | None = None,
        output: str = "identity",
        convex: bool = False,
        lipschitz: float = math.inf,
        proper: str = "",
        **record: Any,
    ) -> None:
        if isinstance(tasks, str) or not set(tasks) <= set(TASKS):
            raise InputError(f"tasks must be a tuple of 'regression' and 'classification', got {tasks!r}")
        self.inputs = positional_arguments(function)
        self.optional = self.inputs[len(self.inputs) - len(function.__defaults__ or ()) :]
        super().__init__(function, **record)
        self.tasks, self.output, self.domains = tasks, output, dict(domains or {})
        for name, domain in self.domains.items():
            if name not in self.inputs or domain not in DOMAIN_TEXTS:
                known = ", ".join(DOMAIN_TEXTS)
                raise InputError(f"{self.name} gives {name!r} the domain {domain!r}; domains are {known}")
        self.domain = self.domains.get("targets", "real")
        self.convex, self.lipschitz, self.proper = convex, lipschitz, proper

    @property
    def link(self) -> str:
        """The link function: what makes of a prediction the number that the loss takes."""
        return LINKS.get(self.output, f"the inverse of {self.output}")

    @property
    def decision(self) -> str:
        """What makes a class of what the loss takes: "argmax", "sign", "threshold", or "" for none."""
        if "classification" not in self.tasks:
            return ""
        if self.domain == "sign":
            return "sign"
        return "argmax" if self.has_axis and self.output != "sigmoid" else "threshold"

    def decide(self, predictions: Any, *, axis: int = -1) -> Any:
        """The classes that go with what the loss takes: the largest entry's index, -1 or 1, or 0 or 1.

        A threshold is 0.5 for probabilities and 0 for logits. Raises `InputError` for a loss without a decision.
        """
        return backend().decide(self, predictions, axis)

    def gradient(self, *arrays: Any, with_respect_to: str = "", **options: Any) -> Any:
        """The gradient of the reduced loss with respect to its first input, or the one named, shaped like it.

        `reduction="none"` gives the gradient of the sum. `out=` takes the array to write to, the input itself too.
        As a decorator of a formula it defines the gradient.
        """
        part = self._gradient_part(with_respect_to)
        if not arrays and not options:
            return lambda formula: self.define(part, formula)
        if isinstance(arrays[0] if arrays else None, FunctionType):
            return self.define(part, arrays[0])
        return self._compute(part, arrays, options)

    def __call__(self, *arrays: Any, **options: Any) -> Any:
        """The loss: a number for `reduction="mean"` (default) or "sum", an array for "none"."""
        return self._compute("value", arrays, options)

    def value_and_gradient(self, *arrays: Any, **options: Any) -> tuple[Any, Any]:
        """The loss and its gradient in one pass, as a pair; `out=` takes the array for the gradient."""
        return self._compute("value_and_gradient", arrays, options)

    def hessian_diagonal(self, *arrays: Any, **options: Any) -> Any:
        """The second derivative with respect to each entry of the first input, of the unreduced loss.

        As a decorator of a formula it defines it. Raises `InputError` where a loss has none.
        """
        if isinstance(arrays[0] if arrays else None, FunctionType):
            return self.define("hessian_diagonal", arrays[0])
        return self._compute("hessian_diagonal", arrays, {"reduction": "none", **options})

    def _gradient_part(self, with_respect_to: str) -> str:
        if with_respect_to in ("", self.inputs[0]):
            return "gradient"
        if with_respect_to not in self.inputs:
            known = suggestion(with_respect_to, self.inputs) or f"; it takes {', '.join(self.inputs)}"
            raise InputError(f"{self.name} has no input {with_respect_to!r}{known}")
        return f"gradient_{with_respect_to}"

    def has(self, part: str) -> bool:
        """Whether there is a formula of a part, such as "hessian_diagonal"."""
        return part in self._formulas

    def _compute(self, part: str, given: Sequence[Any], options: dict[str, Any]) -> Any:
        """A part on arrays, given by place or by the names in the formula, or on symbols."""
        found, by_name = dict(zip(self.inputs, given, strict=False)), options.keys() & self.inputs
        if len(given) > len(self.inputs) or found.keys() & by_name:
            raise InputError(f"{self.name} takes {', '.join(self.inputs)}, each once; give all other options by name")
        found |= {name: options.pop(name) for name in by_name}
        arrays = {name: found[name] for name in self.inputs if found.get(name) is not None}
        needed = self.inputs[: len(self.inputs) - len(self.optional)]
        missing = [name for name in needed if name not in arrays]
        if missing:
            raise InputError(f"{self.name} needs {' and '.join(needed)}; {missing[0]} is missing")
        if any(isinstance(x, Expression) for x in arrays.values()):
            outputs = self.trace(part, *arrays.values(), **options)
            return outputs[0] if len(outputs) == 1 else outputs
        return backend().call_loss(self, part, arrays, options)

    def trace(self, part: str, *inputs: Expression, **parameters: Any) -> tuple[Expression, ...]:
        """The formula of a part on the given symbols; the pair is the two parts together."""
        if part == "value_and_gradient":
            return self.trace("value", *inputs, **parameters) + self.trace("gradient", *inputs, **parameters)
        return super().trace(part, *inputs, **parameters)


class ElementwiseLoss(Loss):
    """A loss of one prediction and one target."""

    kind = "elementwise"


class RowLoss(Loss):
    """A loss of a row of predictions and a row of targets (or the index of a class)."""

    kind = "row"
    reduces = True
    has_axis = True

    def __init__(
        self, function: Formula, *, over_all: bool = False, distributions: tuple[str, ...] = (), **record: Any
    ) -> None:
        super().__init__(function, **record)
        self.over_all, self.distributions = over_all, distributions


class SummaryLoss(Loss):
    """One number for all entries, such as the root of the mean square; its formula is the error of an entry.

    statistic : "root_mean_square", "max" (of the absolute errors) or "median"; the latter two have no gradient
    """

    kind = "summary"

    def __init__(self, function: Formula, *, statistic: str, **record: Any) -> None:
        super().__init__(function, **record)
        self.statistic, self.has_gradient = statistic, statistic == "root_mean_square"


class SimilarityLoss(Loss):
    """A loss of embeddings and their labels: its formula sees the similarities of a row with all others.

    The second argument of the formula is 1 for those of the same label and 0 for others. Embeddings that are alone
    with their label count nothing; the mean is over the others, or over all pairs of one label (`mean_over` "pairs").
    """

    kind = "similarity"
    reduces = True

    def __init__(self, function: Formula, *, mean_over: Literal["rows", "pairs"] = "rows", **record: Any) -> None:
        super().__init__(function, **record)
        self._seen, self.inputs, self.optional = self.inputs, ("embeddings", "labels"), ()
        self.mean_over = mean_over

    def inputs_of(self, part: str) -> tuple[str, ...]:
        """The names of what the formula sees."""
        return self._seen


def loss_definition(*, kind: type[L] = ElementwiseLoss, **facts: Any) -> Callable[[Formula], L]:
    """Decorator that makes a formula of (predictions, targets) a loss, registered under the function's name.

    The names of the formula's arguments are the names of the inputs; one with a default may be left out.

    Parameters
    ----------
    kind : ElementwiseLoss (default), or RowLoss for a formula of a row of predictions and one of targets
        RowLoss takes two facts more: `distributions` names the inputs whose rows are to sum to 1, and `over_all=True`
        makes one row of the whole batch unless a call gives an axis.
    tasks : what it can train, a tuple of "regression" and "classification"
    domains : what numbers an input holds, by its name, such as {"targets": "probability"}: "real" (where not given),
        "positive", "non_negative", "above_minus_one", "nonzero", "probability", "binary" (0 or 1) or "sign" (-1 or 1)
    output : the activation that makes a prediction of what the loss takes, such as "softmax"
    convex, lipschitz, proper : facts, see `nonlin.Loss`
    aliases, reference, same_as, parameters : as for `nonlin.activation`

    Raises
    ------
    InputError
        When a name is taken, or a task or domain is unknown.

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
    made: Any = kind
    return lambda formula: registry.losses.add(made(formula, **facts))
