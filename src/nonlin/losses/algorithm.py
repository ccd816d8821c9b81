"""The kind of loss that has no formula."""

from __future__ import annotations

from typing import Any

from ..definition import Loss
from ..definition.expression import Expression
from ..definition.records import Formula
from ..errors import InputError


class AlgorithmLoss(Loss):
    """A loss that no formula gives, such as one that aligns sequences: a backend computes it by its name.

    The function that declares it has a docstring, which is its documentation, and no body. It has gradients with
    respect to the `differentiable` inputs, the first if nothing is said.
    """

    kind = "algorithm"

    def __init__(self, function: Formula, *, differentiable: tuple[str, ...] = (), **record: Any) -> None:
        super().__init__(function, **record)
        self._formulas.clear()
        self.differentiable = differentiable or self.inputs[:1]

    def gradient(self, *arrays: Any, with_respect_to: str | tuple[str, ...] = "", **options: Any) -> Any:
        """The gradient as that of any loss; of several inputs, named in a tuple, a tuple of them in one pass."""
        if isinstance(with_respect_to, str):
            return self._compute(self._gradient_part(with_respect_to), arrays, options)
        return self.value_and_gradient(*arrays, with_respect_to=with_respect_to, **options)[1]

    def value_and_gradient(
        self, *arrays: Any, with_respect_to: str | tuple[str, ...] = "", **options: Any
    ) -> tuple[Any, Any]:
        """The loss and its gradient, or the tuple of those with respect to several inputs, in one pass."""
        names = (with_respect_to,) if isinstance(with_respect_to, str) else with_respect_to
        parts = ["value", *map(self._gradient_part, names)]
        value, *gradients = self._compute("_and_".join(parts), arrays, options)
        return value, gradients[0] if isinstance(with_respect_to, str) else tuple(gradients)

    def trace(self, part: str, *inputs: Expression, **parameters: Any) -> tuple[Expression, ...]:
        """Raise `InputError`: there is no formula."""
        raise InputError(f"{self.name} is an algorithm: it takes arrays, and no formula can be made of it")

    def _gradient_part(self, with_respect_to: str) -> str:
        part = super()._gradient_part(with_respect_to)
        if with_respect_to and with_respect_to not in self.differentiable:
            known = " and ".join(self.differentiable)
            raise InputError(f"{self.name} has gradients with respect to {known}, not {with_respect_to!r}")
        return part
