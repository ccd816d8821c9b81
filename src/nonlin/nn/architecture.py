"""What a network is made of, before there is memory for it: widths, activations, normalization, dropout."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nonlin.signature import learnable_names


@dataclass(frozen=True)
class Hidden:
    """A hidden layer: weighted sums, normalized or not, bias and activation, dropout.

    `normalization` is None, "layer" (of the units of an example) or "batch" (of a unit's values in a batch);
    `dropout` is the share of units that are set to zero in training.
    """

    width: int
    activation: Any
    parameters: Mapping[str, float] = field(default_factory=dict)
    normalization: str | None = None
    dropout: float = 0.0

    @property
    def learnable(self) -> tuple[str, ...]:
        """The parameters of the activation that are trained with the weights."""
        return learnable_names(self.activation)


@dataclass(frozen=True)
class Architecture:
    """Layers from `inputs` features to `outputs` sums, which the last layer leaves as they are."""

    inputs: int
    hidden: tuple[Hidden, ...]
    outputs: int

    @property
    def sizes(self) -> tuple[int, ...]:
        """The widths from the inputs to the outputs.

        >>> import nonlin as nl
        >>> Architecture(4, (Hidden(16, nl.relu), Hidden(8, nl.prelu)), 3).sizes
        (4, 16, 8, 3)
        """
        return (self.inputs, *(layer.width for layer in self.hidden), self.outputs)
