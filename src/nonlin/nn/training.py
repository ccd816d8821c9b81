"""One training of one network: the compiled loop's inputs put together, its records taken out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from nonlin.nn import loop, passes, updates
from nonlin.nn.calls import fields
from nonlin.nn.divergence import check_finite
from nonlin.nn.network import Network, aligned_zeros
from nonlin.nn.recording import Recorder
from nonlin.nn.schedules import factor
from nonlin.nn.solver import PROGRESS, Solver
from nonlin.nn.stopping import slow_down

# What is trained on, as the compiled loop sees it: sizes, addresses of buffers, addresses of kernels.
TASK = fields(
    "examples batch shuffle key weighted number_bytes input_bytes target_bytes order "
    "inputs targets sample_weights "
    "batch_inputs batch_targets batch_sample_weights "
    "held held_inputs held_targets held_sample_weights "
    "weights weights_gradient weights_m weights_v weight_count "
    "others others_gradient others_m others_v other_count "
    "gather loss update squares total recorded"
)


class Data(NamedTuple):
    """Examples (examples, features), targets (examples, outputs), and weights (examples,) or None, of one dtype."""

    inputs: np.ndarray
    targets: np.ndarray
    sample_weights: np.ndarray | None = None


class Training:
    """A network on its way; `run` takes it a number of epochs further, `run_blocks` one epoch of a stream.

    `data` is what `run` trains on; `loss` is the address of a loss kernel, `key` the number that the batch orders
    follow from, `dropout_keys` those that what is dropped in each hidden layer follows from. With `held_out` it is the
    loss of those examples that tells when to stop. `record` says at which steps layers are measured, `state` is that
    of an earlier training, whose solver goes on.
    """

    def __init__(
        self,
        network: Network,
        data: Data | None,
        solver: Solver,
        *,
        loss: int,
        shuffle: bool = True,
        key: int = 0,
        dropout_keys: Sequence[int] = (),
        first_epoch: int = 0,
        held_out: Data | None = None,
        record: Any = None,
        state: dict[str, Any] | None = None,
    ):
        self.network, self.epochs_done = network, 0
        self.examples = 0
        self._solver_settings, self._first_epoch, self._record = solver, first_epoch, record
        self._recorder: Recorder | None = None
        self._m, self._v = (aligned_zeros(len(network.parameters), network.dtype) for _ in range(2))
        self._solver = solver.pack()
        if state:
            self._restore(state)
        if len(dropout_keys):
            network.layers["dropout_key"][:-1] = dropout_keys
        self._task = np.zeros(1, TASK)
        self._fill(self._fixed(loss, shuffle, key))
        self._held = self._bind(held_out, "held_") if held_out else None
        self._best = network.memory[: len(network.memory) if held_out else 0].copy()
        if data:
            self.data = self._bind(data)
        self._history: list[tuple[np.ndarray, ...]] = []

    def _fill(self, values: dict[str, Any]) -> None:
        for name, value in values.items():
            self._task[name] = value

    def _fixed(self, loss: int, shuffle: bool, key: int) -> dict[str, Any]:
        """Sizes, addresses and kernels that are the same for all data."""
        network = self.network
        size = network.dtype.itemsize
        self._batch_targets = aligned_zeros(network.rows * network.strides[-1], network.dtype)
        self._batch_sample_weights = np.ones(network.rows, network.dtype)
        vectors = {"": network.parameters, "_gradient": network.gradients, "_m": self._m, "_v": self._v}
        values = {
            "batch": network.rows,
            "shuffle": shuffle,
            "key": key,
            "number_bytes": size,
            "input_bytes": size * network.sizes[0],
            "target_bytes": size * network.strides[-1],
            "batch_inputs": network.inputs.ctypes.data,
            "batch_targets": self._batch_targets.ctypes.data,
            "batch_sample_weights": self._batch_sample_weights.ctypes.data,
            "weight_count": network.weight_count,
            "other_count": network.other_count,
            "gather": passes.gather_kernel(),
            "loss": loss,
            "update": updates.solver_kernel(self._solver_settings.name, network.dtype),
        }
        if self._solver_settings.gradient_clip_norm:
            values["squares"] = updates.gradient_squares_kernel(network.dtype)
        values |= {f"weights{ending}": vector.ctypes.data for ending, vector in vectors.items()}
        behind = size * network.weight_count
        return values | {f"others{ending}": vector.ctypes.data + behind for ending, vector in vectors.items()}

    def _bind(self, data: Data, prefix: str = "") -> Data:
        """Let the loop read these examples, or those held out; returned is what must live as long."""
        network = self.network
        inputs = np.ascontiguousarray(data.inputs, network.dtype)
        targets = np.zeros((len(inputs), network.strides[-1]), network.dtype)
        targets[:, : network.sizes[-1]] = data.targets
        weights = data.sample_weights
        if prefix and weights is None:
            weights = np.ones(len(inputs))  # read where those of the other examples are
        weights = None if weights is None else np.ascontiguousarray(weights, network.dtype)
        addresses = {"inputs": inputs.ctypes.data, "targets": targets.ctypes.data}
        if weights is not None:
            addresses["sample_weights"] = weights.ctypes.data
        self._fill({prefix + name: address for name, address in addresses.items()})
        if prefix or weights is not None:
            self._fill({"total": passes.total_kernel(network.dtype)})
        if prefix:
            self._fill({"held": len(inputs)})
        else:
            self._order = np.arange(len(inputs))
            self._fill({"examples": len(inputs), "weighted": weights is not None, "order": self._order.ctypes.data})
            self.examples = len(inputs)
        return Data(inputs, targets, weights)

    def run(self, epochs: int) -> bool:
        """Train up to `epochs` epochs further; return True where the loss stopped improving before that.

        Raises DivergedError where the loss or a weight is no longer finite.
        """
        records = self._records(epochs)
        work: tuple[Any, ...] = self.network.layers, self._task, self._solver, self._order
        done = loop.train(*work, self.epoch, *records, *self._memory(), self._watch(epochs))
        return self._finish(done, *records)

    def run_blocks(self, blocks: Iterable[Data]) -> bool:
        """Train one epoch on a stream of blocks; what `run` says of results and errors holds."""
        losses, held_losses, squares, dead = records = self._records(1)
        total, examples = 0.0, 0
        layers, task, solver = self.network.layers, self._task, self._solver
        for number, block in enumerate(blocks):
            self.data = self._bind(block)
            epoch = (self.epoch << 24) + number  # no other block has this order
            total += loop.train_block(layers, task, solver, self._order, epoch, squares[0], self._watch(1))
            examples += self.examples
            if not np.isfinite(total):
                break
        self.examples, losses[0] = examples, total / max(examples, 1)
        loop.end_epoch(layers, task, solver, examples, losses[0], held_losses, 0, dead[0], *self._memory())
        return self._finish(1, *records)

    def _watch(self, epochs: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What the compiled loop records the steps of the coming epochs with."""
        steps_per_epoch = -(-self.examples // self.network.rows)
        self._rate = float(self._solver["rate"][0])  # during these epochs
        if self._recorder is None:
            self._recorder = Recorder(self._record, self.network.layers, self.network.dtype, steps_per_epoch)
        self._task["recorded"] = 0
        done = int(self._solver["steps"][0])
        return self._recorder.task, *self._recorder.plan(done, epochs * steps_per_epoch)

    def records(self) -> dict[str, np.ndarray]:
        """What was measured at the steps that were to be recorded, see `nonlin.nn.recording`."""
        return self._recorder.arrays() if self._recorder and self._record is not None else {}

    def _records(self, epochs: int) -> tuple[np.ndarray, ...]:
        layers = len(self.network.layers)
        return np.zeros(epochs), np.zeros(epochs), np.zeros((epochs, layers)), np.zeros((epochs, layers - 1))

    def _memory(self) -> tuple[np.ndarray, np.ndarray]:
        return self.network.memory.view(np.uint8), self._best.view(np.uint8)  # of any number format

    def _finish(self, done: int, *records: np.ndarray) -> bool:
        self.epochs_done += done
        if self._recorder:
            self._recorder.cut(int(self._solver["steps"][0]))
        self._history.append(tuple(array[:done] for array in records))
        loss = float(records[0][done - 1])
        check_finite(self.network, self._solver[0], self.data.targets, self.epochs_done, loss)
        return bool(self._solver["settled"][0])

    def loss_and_gradient(self, parameters: np.ndarray) -> tuple[float, np.ndarray]:
        """The reported loss of all examples, penalty included, and the gradient, at a vector of parameters, in float64.

        It is that of a first step: units are dropped, and batch normalization is over `network.rows` examples at a time
        and moves its running statistics.
        """
        network, data, alpha = self.network, self.data, self.alpha
        network.parameters[:] = parameters
        total, weight, squares = 0.0, 0.0, np.zeros(len(network.layers))
        found = np.zeros(len(network.parameters))
        for start in range(0, self.examples, network.rows):
            rows = min(network.rows, self.examples - start)
            self.fill_batch(start, rows)
            total += loop.gradient(network.layers, self._task, rows, 0, squares)
            weight += rows if data.sample_weights is None else float(data.sample_weights[start : start + rows].sum())
            found += network.gradients
        weights = parameters[: network.weight_count]
        found[: network.weight_count] += alpha * weights
        penalty = 0.5 * alpha * float(weights @ weights)
        return (self._solver_settings.loss_share * total + penalty) / weight, found / weight

    def fill_batch(self, start: int, rows: int) -> None:
        """Gather `rows` examples from number `start` on, in their order."""
        inputs, targets, weights = self.data
        chosen = slice(start, start + rows)
        for block, source in (self.network.inputs, inputs), (self._batch_targets, targets):
            block[: rows * source.shape[1]] = source[chosen].ravel()
        if weights is not None:
            self._batch_sample_weights[:rows] = weights[chosen]

    def error_of_batch(self, rows: int) -> tuple[float, float]:
        """The summed loss of `rows` examples, after the forward pass, and the sum of their weights."""
        weights = self._batch_sample_weights
        addresses = self._batch_targets.ctypes.data, weights.ctypes.data
        loss = loop.error(self.network.layers[-1], self._task[0], *addresses, rows)
        return loss * self._solver_settings.loss_share, float(weights[:rows].sum())

    def update_by_batch(self, weight: float) -> None:
        """The solver's step, after the backward pass of examples of so much weight."""
        share = loop.share_of_gradient(self._task[0], self._solver[0], weight)
        loop.update(self._task[0], self._solver[0], share)

    @property
    def alpha(self) -> float:
        """The strength of the L2 penalty."""
        return self._solver_settings.alpha

    def state(self) -> dict[str, Any]:
        """The solver's memory as plain arrays without padding, from which another training goes on."""
        moments = {name: self.network.views(vector) for name, vector in (("m", self._m), ("v", self._v))}
        copies = {name: [[a.copy() for a in part] for part in views] for name, views in moments.items()}
        return {name: float(self._solver[name][0]) for name in PROGRESS} | copies

    def _restore(self, state: dict[str, Any]) -> None:
        for name in PROGRESS:
            self._solver[name] = state[name]
        for name, vector in (("m", self._m), ("v", self._v)):
            for mine, given in zip(self.network.views(vector), state[name], strict=True):
                for ours, theirs in zip(mine, given, strict=True):
                    ours[...] = theirs

    @property
    def epoch(self) -> int:
        """The number of the coming epoch, those of earlier trainings counted: orders of examples follow from it."""
        return self._first_epoch + self.epochs_done

    @property
    def last_loss(self) -> float:
        """The loss of the latest epoch."""
        return float(self._history[-1][0][-1])

    @property
    def last_validation_loss(self) -> float | None:
        """The loss of the examples held out after the latest epoch, None without any."""
        return float(self._history[-1][1][-1]) if self._held else None

    @property
    def learning_rate(self) -> float:
        """The learning rate of the latest step."""
        solver = self._solver[0]
        steps = int(solver["steps"]) - 1, int(solver["steps_in_all"]), int(solver["warmup"])
        return self._rate * factor(int(solver["schedule"]), *steps)

    @property
    def best_loss(self) -> float:
        """The lowest loss of an epoch so far, that of the examples held out where there are any."""
        return float(self._solver["best_loss"][0])

    def restore_best(self) -> None:
        """Go back to the parameters with which the loss of the examples held out was lowest."""
        if np.isfinite(self.best_loss):
            self.network.memory[:] = self._best

    def slow_down(self) -> bool:
        """Lower the learning rate ("adaptive", "plateau"); False where it is not to be, or is too small already."""
        return bool(slow_down(self._solver[0]))

    def history(self) -> dict[str, np.ndarray]:
        """What was recorded, an entry an epoch.

        "loss" (epochs,): the mean loss, L2 penalty included; "dead_share" (epochs, hidden layers): the share of units
        whose |f'(z)| stayed at or below 1e-6 of its supremum for every example; "gradient_norm" (epochs, layers):
        the root mean square over examples and units of dL/dz, L being the loss of one example; where examples are held
        out, "validation_loss" (epochs,): their mean loss, without penalty.
        """
        losses, held_losses, squares, dead = (np.concatenate(parts) for parts in zip(*self._history, strict=True))
        widths = np.array(self.network.sizes[1:])
        history = {
            "loss": losses,
            "dead_share": dead / widths[:-1],
            "gradient_norm": np.sqrt(squares / (self.examples * widths)),
        }
        return history | {"validation_loss": held_losses} if self._held else history
