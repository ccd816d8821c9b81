"""One training of an estimator: from its settings and data to the attributes of a fitted one."""

from __future__ import annotations

import math
import sys
import warnings
from contextlib import nullcontext
from typing import Any, NamedTuple

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from nonlin.nn import checks, lbfgs, randomness
from nonlin.nn.announcing import announced_compilation
from nonlin.nn.architecture import Architecture
from nonlin.nn.blas_threads import one_blas_thread
from nonlin.nn.divergence import DivergedError
from nonlin.nn.early_stopping import EarlyStopping
from nonlin.nn.holding_out import split
from nonlin.nn.interruption import Interruption
from nonlin.nn.learnt import Learnt, keep
from nonlin.nn.network import Network
from nonlin.nn.products import any_uses_blas
from nonlin.nn.schedules import CODES
from nonlin.nn.solver import Solver
from nonlin.nn.streaming import Stream
from nonlin.nn.training import Data, Training
from nonlin.nn.updates import usual_decay
from nonlin.nn.watching import Watching

_INTERRUPTIBLE = 2e10  # multiplications in one call of compiled code, a fraction of a second: then Ctrl-C is heard
_BLOCK = 1024  # rows at a time where batches do not matter


class Task(NamedTuple):
    """What an estimator is to learn: a network, from where, by which loss, from what.

    `loss` is a kernel's address, `loss_share` how much of that loss is reported, `callbacks` are told of epochs.
    """

    architecture: Architecture
    start: Learnt
    loss: int
    loss_share: float
    data: Data | Stream
    seed: int
    callbacks: Any = None

    @property
    def in_memory(self) -> Data:
        """The data, of which the estimator has seen to it that they are no stream."""
        assert isinstance(self.data, Data)
        return self.data

    @property
    def dtype(self) -> np.dtype:
        """The number format that is computed in."""
        return self.data.dtype if isinstance(self.data, Stream) else self.data.inputs.dtype


def train(estimator: Any, task: Task, incremental: bool) -> None:
    """Train until converged, or for `max_iter` epochs; one epoch where it is `incremental`."""
    before = dict(vars(estimator))
    try:
        in_blas = one_blas_thread() if any_uses_blas(task.architecture.sizes, task.dtype) else nullcontext()
        with announced_compilation(), in_blas:
            if estimator.solver == "lbfgs":
                _minimise(estimator, task)
            else:
                _descend(estimator, task, incremental)
    except BaseException:
        if vars(estimator).get("history_") is before.get("history_"):  # no result: what callbacks were shown is gone
            vars(estimator).clear()
            vars(estimator).update(before)
        raise


def _descend(estimator: Any, task: Task, incremental: bool) -> None:
    """Train by a solver of batches."""
    data, held = _hold_out(estimator, task)
    by_score = held is not None and estimator.scoring is None
    examples = _examples(estimator, data)
    network = _network(task, _batch_rows(estimator, examples))
    training = Training(
        network,
        data if isinstance(data, Data) else None,
        _solver(estimator, task, examples, network),
        loss=task.loss,
        shuffle=estimator.shuffle,
        key=randomness.key(task.seed, "batch order"),
        dropout_keys=_dropout_keys(task),
        first_epoch=len(task.start.losses),
        held_out=None if by_score else held,
        record=estimator.record,
        state=_state(task.start, estimator.solver, network) if incremental else None,
    )
    watch = None
    if held is not None and by_score:
        watch = EarlyStopping(
            network,
            held,
            estimator._score_outputs,
            tolerance=estimator.tol,
            patience=estimator.n_iter_no_change,
            best=task.start.best_score,
            stale=task.start.stale,
        )
    epochs = 1 if incremental else estimator.max_iter
    with Watching(estimator, task.callbacks, bool(estimator.verbose), epochs) as watching:
        finished = _run(estimator, training, data, watch, epochs, watching) or incremental
        if held is not None:
            watch.restore_best(network) if watch else training.restore_best()
        _keep(estimator, training, task.start, watch)
    if not finished and np.isfinite(estimator.n_iter_no_change):  # otherwise a fixed number of epochs was asked for
        warnings.warn(
            f"training stopped after max_iter={estimator.max_iter} epochs while the loss was still improving; "
            "raise max_iter or learning_rate_init",
            ConvergenceWarning,
            stacklevel=5,
        )


def _dropout_keys(task: Task) -> list[int]:
    """What is dropped in each hidden layer follows from its key; nothing where nothing is dropped."""
    hidden = task.architecture.hidden
    return [randomness.key(task.seed, "dropout", i) if layer.dropout else 0 for i, layer in enumerate(hidden)]


def one_step(estimator: Any, task: Task) -> Training:
    """A training whose next step, by the estimator's solver, is on all of the data as one batch."""
    data = task.in_memory
    rows = len(data.inputs)
    network = _network(task, rows)
    state = _state(task.start, estimator.solver, network)
    return Training(network, data, _solver(estimator, task, rows, network), loss=task.loss, state=state)


def _network(task: Task, rows: int) -> Network:
    """The network where its training starts."""
    network = Network(task.architecture, task.dtype, rows)
    task.start.place(network)
    return network


def _hold_out(estimator: Any, task: Task) -> tuple[Data | Stream, Data | None]:
    """Set the validation examples of early stopping aside, in memory classes in proportion."""
    data = task.data
    if not estimator.early_stopping:
        return data, None
    if isinstance(data, Stream):
        return data.held_out(estimator.validation_fraction, task.seed)
    generator = randomness.generator(task.seed, "validation split")
    strata = estimator._strata(data.targets)
    parts = split(generator, len(data.inputs), estimator.validation_fraction, strata)
    weights = data.sample_weights
    kept, held = (Data(data.inputs[i], data.targets[i], None if weights is None else weights[i]) for i in parts)
    return kept, held


def _examples(estimator: Any, data: Data | Stream) -> int | None:
    """How many examples there are to train on; None where a stream does not know and nobody needs to."""
    if isinstance(data, Data):
        return len(data.inputs)
    if data.source.examples is None and estimator.learning_rate in CODES:  # which go by the number of steps in all
        return sum(map(len, data.source.targets()))
    return data.source.examples


def _solver(estimator: Any, task: Task, examples: int | None, network: Network) -> Solver:
    names = Solver.__dataclass_fields__.keys() & vars(estimator).keys() - {"weight_decay"}
    settings = {name: getattr(estimator, name) for name in names}
    if estimator.early_stopping and estimator.scoring is None:
        settings["n_iter_no_change"] = np.inf  # the validation score decides
    decay = estimator.weight_decay
    return Solver(
        name=estimator.solver,
        weight_decay=usual_decay(estimator.solver) if decay is None else decay,
        steps_in_all=estimator.max_iter * math.ceil((examples or 1) / network.rows),
        loss_share=task.loss_share,
        best_loss=np.inf if estimator.early_stopping else task.start.best_loss,
        stale=0 if estimator.early_stopping else task.start.stale,
        examples_seen=task.start.examples_seen,
        **settings,
    )


def _state(start: Learnt, solver: str, network: Network) -> dict[str, Any] | None:
    """What the solver has in mind of the calls before, where it is of such a network."""
    if start.solver is None or start.solver[0] != solver:
        return None
    state, parts = start.solver[1], network.views(network.parameters)
    shapes, known = ([[array.shape for array in part] for part in vectors] for vectors in (parts, state["m"]))
    return state if known == shapes else None


def _batch_rows(estimator: Any, examples: int | None) -> int:
    size = estimator.batch_size
    examples = sys.maxsize if examples is None else examples
    if size != "auto" and int(size) > examples:
        warnings.warn(f"batch_size={size} is more than the {examples} examples; it is cut to that", stacklevel=6)
    return checks.batch_rows(size, examples)


def _run(
    estimator: Any,
    training: Training,
    data: Data | Stream,
    watch: EarlyStopping | None,
    epochs: int,
    watching: Watching,
) -> bool:
    """Train to the end, or until somebody stops it; False where the epochs were too few."""
    work = 6 * training.examples * len(training.network.parameters)
    at_once = 1 if watching.wanted or watch or not work else max(1, int(_INTERRUPTIBLE / work))
    done = False
    with Interruption() as interruption:
        while not (done or interruption.came) and training.epochs_done < epochs:
            if isinstance(data, Stream):
                done = training.run_blocks(data.epoch(training.epoch, lambda: interruption.came))
            else:
                done = training.run(min(at_once, epochs - training.epochs_done))
            if watch:
                done = watch.improves_no_more(training)
            if watching.wanted:
                done |= _tell(estimator, training, watch, watching)
    if not training.epochs_done:
        raise KeyboardInterrupt
    return done or interruption.came


def _tell(estimator: Any, training: Training, watch: EarlyStopping | None, watching: Watching) -> bool:
    """Tell of the latest epoch, with the weights as they are; True where somebody asks to stop."""
    keep(estimator, training.network)
    held_loss = training.last_validation_loss
    score = watch.scores[-1] if watch else None if held_loss is None else -held_loss
    return watching.epoch_ended(
        training.epochs_done,
        loss=training.last_loss,
        validation_score=score,
        learning_rate=training.learning_rate,
        records=training.records(),
    )


def _keep(estimator: Any, training: Training, start: Learnt, watch: EarlyStopping | None) -> None:
    """Take the result out of the training, its records behind those that it went on from."""
    history, state = training.history(), training.state()
    keep(estimator, training.network)
    estimator.history_ = start.continued(history)
    estimator.loss_curve_ = start.losses + history["loss"].tolist()
    estimator.loss_, estimator.n_iter_ = estimator.loss_curve_[-1], training.epochs_done
    estimator.t_ = start.examples_seen + training.epochs_done * training.examples
    estimator.best_loss_ = None if estimator.early_stopping else training.best_loss
    scores = watch.scores if watch else (-history.get("validation_loss", np.zeros(0))).tolist()
    estimator.validation_scores_ = start.scores + scores if scores else None
    estimator.best_validation_score_ = float(np.fmax.reduce([start.best_score, *scores])) if scores else None
    vars(estimator).pop("records_", None)
    if estimator.record is not None:
        estimator.records_ = training.records()
    estimator._solver_state = estimator.solver, state
    estimator._stale = watch.stale if watch else int(state["stale"])


def _minimise(estimator: Any, task: Task) -> None:
    """Train on all examples at every step, by lbfgs."""
    data = task.in_memory
    network = _network(task, min(_BLOCK, len(data.inputs)))
    solver = Solver(alpha=estimator.alpha, loss_share=task.loss_share)  # it is lbfgs that takes the steps
    training = Training(network, data, solver, loss=task.loss)
    found: lbfgs.Minimum | None = None
    with Watching(estimator, task.callbacks, bool(estimator.verbose), estimator.max_iter) as watching:
        with Interruption() as interruption:

            def watch(iteration: int, loss: float, parameters: np.ndarray) -> bool:
                if not watching.wanted:
                    return interruption.came
                network.parameters[:] = parameters
                keep(estimator, network)
                told = {"validation_score": None, "learning_rate": np.nan, "records": {}}
                try:
                    return watching.epoch_ended(iteration, loss=loss, **told) or interruption.came
                except KeyboardInterrupt:  # of a callback: this iteration is kept too
                    interruption.came = True
                    return True

            limits = {name: getattr(estimator, name) for name in ("max_iter", "max_fun", "tol")}
            found = lbfgs.minimised(training.loss_and_gradient, network.parameters, watch=watch, **limits)
        if found is None:
            raise KeyboardInterrupt
        _keep_minimum(estimator, network, found, task.start)


def _keep_minimum(estimator: Any, network: Network, found: lbfgs.Minimum, start: Learnt) -> None:
    """Take the result out of a minimisation."""
    if not (np.isfinite(found.loss) and np.isfinite(found.parameters).all()):
        raise DivergedError(
            f"lbfgs reached a loss of {found.loss} after {len(found.losses)} iterations; standardise the inputs, or "
            "choose another activation"
        )
    network.parameters[:] = found.parameters
    keep(estimator, network)
    estimator.loss_, estimator.n_iter_, estimator.t_ = found.loss, len(found.losses), start.examples_seen
    estimator.history_ = {"loss": np.array(found.losses)}
