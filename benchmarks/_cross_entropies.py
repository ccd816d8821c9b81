"""The cross-entropy and its gradient in the logits, by this package and its peers, as functions without arguments."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

import nonlin as nl
from _contenders import Call

IGNORED = -100  # PyTorch's default
CROSS_ENTROPY = nl.loss.cross_entropy


class Case(NamedTuple):
    """Logits of a shape with the classes along an axis, targets of a kind, and an option or none."""

    shape: tuple[int, ...]
    kind: str = "classes"
    axis: int = -1
    label_smoothing: float = 0.0

    def __str__(self) -> str:
        smoothing = f", label_smoothing={self.label_smoothing}" if self.label_smoothing else ""
        along = "" if self.axis == -1 else f" along {self.axis}"
        return f"{'x'.join(map(str, self.shape))}{along}{'' if self.kind == 'classes' else f', {self.kind}'}{smoothing}"

    @property
    def size(self) -> int:
        """The number of logits."""
        return math.prod(self.shape)

    @property
    def bytes_to_move(self) -> int:
        """Of one reading of the logits, one of targets as large as they, and one writing of the gradient."""
        return (12 if self.kind == "probabilities" else 8) * self.size


CASES = (
    Case((4096, 1000)),
    Case((1024, 32000)),
    Case((256, 128256)),
    Case((4096, 1000), label_smoothing=0.1),
    Case((4096, 1000), "probabilities"),
    Case((4096, 1000), "a tenth ignored"),
    Case((64, 1000, 64), axis=1),
)
QUICK = (
    Case((64, 100)),
    Case((64, 100), label_smoothing=0.1),
    Case((64, 100), "probabilities"),
    Case((64, 100), "a tenth ignored"),
    Case((8, 100, 8), axis=1),
)


def arrays(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """Logits and targets."""
    random = np.random.default_rng(0)
    logits = random.standard_normal(case.shape, np.float32)
    if case.kind == "probabilities":
        return logits, nl.softmax(random.standard_normal(case.shape, np.float32), axis=case.axis)
    shape = np.delete(case.shape, case.axis)
    targets = random.integers(case.shape[case.axis], size=shape)
    if case.kind == "a tenth ignored":
        targets[random.random(shape) < 0.1] = IGNORED
    return logits, targets


def contenders(case: Case, libraries: list[str], compiled: bool) -> dict[str, Call]:
    """Ours into a new array and into the logits, PyTorch's, JAX's, and copies of the logits.

    In place, the gradient of one call is the logits of the next: finite numbers as good as others.
    """
    logits, targets = arrays(case)
    used, out = logits.copy(), np.empty_like(logits)
    options: dict[str, Any] = {"axis": case.axis, "label_smoothing": case.label_smoothing}
    if case.kind == "a tenth ignored":
        options["ignore_index"] = IGNORED
    found: dict[str, Call] = {
        "ours": lambda: CROSS_ENTROPY.value_and_gradient(logits, targets, **options),
        "in place": lambda: CROSS_ENTROPY.value_and_gradient(used, targets, out=used, **options),
        "copy": lambda: nl.identity(logits, out=out),
    }
    if "torch" in libraries:
        found |= _torchs(logits, targets, out, case.label_smoothing, compiled)
    if "jax" in libraries and case == Case(case.shape, axis=case.axis):
        found["jax"] = _jaxs(logits, targets, case.axis)
    return found


def _torchs(
    logits: np.ndarray, targets: np.ndarray, out: np.ndarray, label_smoothing: float, compiled: bool
) -> dict[str, Call]:
    import torch
    from torch.nn import functional

    given, leaf, right = torch.from_numpy(logits), torch.from_numpy(logits).requires_grad_(), torch.from_numpy(targets)
    into = torch.from_numpy(out)

    def run(function: Any) -> Any:
        leaf.grad = None
        function(leaf, right, label_smoothing=label_smoothing).backward()
        return leaf.grad

    found: dict[str, Call] = {"torch": lambda: run(functional.cross_entropy), "torch copy": lambda: into.copy_(given)}
    if compiled:
        fused = torch.compile(functional.cross_entropy)
        found["torch.compile"] = lambda: run(fused)
    return found


def _jaxs(logits: np.ndarray, targets: np.ndarray, axis: int) -> Call:
    import jax

    def loss(z: Any, right: Any) -> Any:
        chosen = jax.numpy.expand_dims(right, axis)
        return -jax.numpy.take_along_axis(jax.nn.log_softmax(z, axis), chosen, axis).mean()

    given, function = (jax.device_put(logits), jax.device_put(targets)), jax.jit(jax.value_and_grad(loss))
    return lambda: jax.block_until_ready(function(*given))


def disagreement(case: Case, libraries: list[str]) -> float:
    """How far a peer's gradient is from ours at most, relative to the largest entry."""
    found: dict[str, Any] = contenders(case, libraries, compiled=False)
    ours = found["ours"]()[1]
    theirs = [found["torch"]()] if "torch" in found else []
    theirs += [found["jax"]()[1]] if "jax" in found else []
    return max((float(np.abs(np.asarray(x) - ours).max() / np.abs(ours).max()) for x in theirs), default=0.0)
