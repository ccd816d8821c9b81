"""One training of one network: the compiled loop's inputs put together, its records taken out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nonlin.nn import loop, passes
from nonlin.nn.network import Network, record
from nonlin.nn.updates import update_kernel

# What is trained on, as the compiled loop sees it: sizes, addresses of buffers, addresses of kernels.
TASK = record(
    "examples batch shuffle key "
    "inputs input_bytes batch_inputs targets target_bytes batch_targets order "
    "weights weights_gradient weights_m weights_v weight_count "
    "biases biases_gradient biases_m biases_v bias_count "
    "gather loss update "
    "held held_inputs held_targets"
)

# What the solver computes with. The last eight change: a training can stop and go on.
SOLVER = record(
    "",
    "alpha first_rate beta_1 beta_2 a b c power adaptive tolerance patience "  # a, b, c: see nonlin.nn.updates
    "rate steps examples_seen best_loss milestone training_milestone stale settled",
)


class DivergedError(ArithmeticError):
    """The loss or a weight became infinite or NaN during training."""


@dataclass(frozen=True, kw_only=True)
class Solver:
    """How the parameters are updated and when to stop, in scikit-learn's words."""

    name: str = "adam"
    alpha: float = 1e-4
    learning_rate: str = "constant"
    learning_rate_init: float = 1e-3
    power_t: float = 0.5
    momentum: float = 0.9
    nesterovs_momentum: bool = True
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    tol: float = 1e-4
    n_iter_no_change: float = 10
    best_loss: float = np.inf
    examples_seen: float = 0

    def pack(self) -> np.ndarray:
        """The record that the compiled loop works on."""
        solver = np.zeros(1, SOLVER)
        adam = self.name == "adam"
        ahead = self.momentum if self.nesterovs_momentum else 1.0
        values = {
            "alpha": self.alpha,
            "first_rate": self.learning_rate_init,
            "rate": self.learning_rate_init,
            "beta_1": self.beta_1 if adam else 0.0,  # zero: no correction of the rate
            "beta_2": self.beta_2 if adam else 0.0,
            "a": self.beta_1 if adam else self.momentum,
            "b": self.beta_2 if adam else ahead,
            "c": self.epsilon if adam else float(self.nesterovs_momentum),
            "power": self.power_t if not adam and self.learning_rate == "invscaling" else 0.0,
            "adaptive": not adam and self.learning_rate == "adaptive",
            "tolerance": self.tol,
            "patience": self.n_iter_no_change,
            "best_loss": self.best_loss,
            "milestone": self.best_loss,
            "examples_seen": self.examples_seen,
        }
        for name, value in values.items():
            solver[name] = value
        return solver


class Training:
    """A network on its way; `run` takes it a number of epochs further.

    `inputs` (examples, features) and `targets` (examples, outputs) are of the network's dtype; `loss` is the address
    of a loss kernel, `key` the number that the batch orders follow from. With `held_out`, further inputs and targets,
    it is their loss that tells when to stop.
    """

    def __init__(
        self,
        network: Network,
        inputs: np.ndarray,
        targets: np.ndarray,
        solver: Solver,
        *,
        loss: int,
        shuffle: bool,
        key: int,
        first_epoch: int = 0,
        held_out: tuple[np.ndarray, np.ndarray] | None = None,
    ):
        self.network, self.epochs_done = network, 0
        self._first_epoch = first_epoch
        self._order = np.arange(len(inputs))
        self.inputs = np.ascontiguousarray(inputs)
        self._targets = self._padded(targets)
        self._held_inputs, self._held_targets = map(np.ascontiguousarray, held_out or (inputs[:0], targets[:0]))
        self._held_targets = self._padded(self._held_targets)
        self._best = np.zeros_like(network.parameters) if held_out else network.parameters[:0]
        self._batch_targets = np.zeros((network.rows, network.strides[-1]), network.dtype)
        self._m, self._v = np.zeros_like(network.parameters), np.zeros_like(network.parameters)
        self._solver = solver.pack()
        self._task = self._describe(loss, update_kernel(solver.name, network.dtype), shuffle, key)
        self._history: list[tuple[np.ndarray, ...]] = []

    def _padded(self, targets: np.ndarray) -> np.ndarray:
        padded = np.zeros((len(targets), self.network.strides[-1]), self.network.dtype)
        padded[:, : self.network.sizes[-1]] = targets
        return padded

    def _describe(self, loss: int, update: int, shuffle: bool, key: int) -> np.ndarray:
        """The record of sizes and addresses for the compiled loop."""
        network = self.network
        size = network.dtype.itemsize
        vectors = {"": network.parameters, "_gradient": network.gradients, "_m": self._m, "_v": self._v}
        values = {
            "examples": len(self.inputs),
            "batch": network.rows,
            "shuffle": shuffle,
            "key": key,
            "inputs": self.inputs.ctypes.data,
            "input_bytes": size * network.sizes[0],
            "batch_inputs": network.inputs.ctypes.data,
            "targets": self._targets.ctypes.data,
            "target_bytes": size * network.strides[-1],
            "batch_targets": self._batch_targets.ctypes.data,
            "order": self._order.ctypes.data,
            "weight_count": network.weight_count,
            "bias_count": network.bias_count,
            "gather": passes.gather_kernel(),
            "loss": loss,
            "update": update,
            "held": len(self._held_inputs),
            "held_inputs": self._held_inputs.ctypes.data,
            "held_targets": self._held_targets.ctypes.data,
        }
        values |= {f"weights{ending}": vector.ctypes.data for ending, vector in vectors.items()}
        values |= {f"biases{ending}": v.ctypes.data + size * network.weight_count for ending, v in vectors.items()}
        task = np.zeros(1, TASK)
        for name, value in values.items():
            task[name] = value
        return task

    def run(self, epochs: int) -> bool:
        """Train up to `epochs` epochs further; return True where the loss stopped improving before that.

        Raises DivergedError where the loss or a weight is no longer finite.
        """
        layers = len(self.network.layers)
        losses, held_losses, squares = np.zeros(epochs), np.zeros(epochs), np.zeros((epochs, layers))
        dead = np.zeros((epochs, layers - 1))
        first = self._first_epoch + self.epochs_done
        memory = self.network.parameters.view(np.uint8), self._best.view(np.uint8)  # of any number format
        work = self.network.layers, self._task, self._solver, self._order
        done = loop.train(*work, first, losses, squares, dead, held_losses, *memory)
        self.epochs_done += done
        self._history.append(tuple(array[:done] for array in (losses, squares, dead, held_losses)))
        self._check_finite(losses[done - 1])
        return bool(self._solver["settled"][0])

    def _check_finite(self, loss: float) -> None:
        network = self.network
        sick = [i + 1 for i, coef in enumerate(network.coefs) if not np.isfinite(coef).all()]
        if np.isfinite(loss) and not sick:
            return
        where = f"the weights of layer {sick[0]} are no longer finite" if sick else f"the loss became {loss}"
        rate = self._solver["first_rate"][0]
        raise DivergedError(
            f"training diverged in epoch {self.epochs_done}: {where}; "
            f"lower learning_rate_init (now {rate:g}) or standardise the inputs"
        )

    @property
    def last_loss(self) -> float:
        """The loss of the latest epoch."""
        return float(self._history[-1][0][-1])

    @property
    def best_loss(self) -> float:
        """The lowest loss of an epoch so far, that of the examples held out where there are any."""
        return float(self._solver["best_loss"][0])

    def restore_best(self) -> None:
        """Go back to the parameters with which the loss of the examples held out was lowest."""
        if np.isfinite(self.best_loss):
            self.network.parameters[:] = self._best

    def slow_down(self) -> bool:
        """Divide the learning rate by 5 (schedule "adaptive"); False where it is not to be, or is too small already."""
        return bool(loop.slow_down(self._solver[0]))

    def history(self) -> dict[str, np.ndarray]:
        """What was recorded, an entry an epoch.

        "loss" (epochs,): the mean loss, L2 penalty included; "dead_share" (epochs, hidden layers): the share of units
        whose |f'(z)| stayed at or below 1e-6 of its supremum for every example; "gradient_norm" (epochs, layers):
        the root mean square over examples and units of dL/dz, L being the loss of one example; where examples are held
        out, "validation_loss" (epochs,): their mean loss, without penalty.
        """
        losses, squares, dead, held_losses = (np.concatenate(parts) for parts in zip(*self._history, strict=True))
        widths = np.array(self.network.sizes[1:])
        history = {
            "loss": losses,
            "dead_share": dead / widths[:-1],
            "gradient_norm": np.sqrt(squares / (len(self.inputs) * widths)),
        }
        return history | {"validation_loss": held_losses} if len(self._held_inputs) else history
