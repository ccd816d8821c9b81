"""What both estimators share: parameters, fitting, convergence, early stopping."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted, validate_data

from nonlin.nn import checks, memory, randomness
from nonlin.nn.architecture import Architecture, Hidden
from nonlin.nn.definitions import gain, loss_kernel
from nonlin.nn.early_stopping import EarlyStopping
from nonlin.nn.holding_out import split
from nonlin.nn.initialization import initial_weights
from nonlin.nn.network import Network
from nonlin.nn.outputs import output_activation
from nonlin.nn.training import Data, Solver, Training

_OUTPUT_NAMES = {"sigmoid": "logistic"}  # scikit-learn's names where they differ
_INTERRUPTIBLE = 2e10  # multiplications in one call of compiled code, a fraction of a second: then Ctrl-C is heard


class Parts(NamedTuple):
    """What a network is made of: the widths of its hidden layers, and definitions with their parameters."""

    hidden: tuple[int, ...]
    activation: Any
    activation_parameters: dict[str, float]
    loss: Any
    loss_parameters: dict[str, float]


@dataclass(frozen=True)
class Progress:
    """Where a training starts from: parameters, and what was learnt with them before."""

    coefs: list[np.ndarray]
    intercepts: list[np.ndarray]
    history: dict[str, np.ndarray] | None = None
    best_loss: float = np.inf
    examples_seen: int = 0


class Perceptron(BaseEstimator, ABC):
    """A multilayer perceptron: the part that does not depend on the task."""

    coefs_: list[np.ndarray]
    intercepts_: list[np.ndarray]
    loss_curve_: list[float]
    history_: dict[str, np.ndarray]
    best_loss_: float | None
    out_activation_: Any
    _default_loss: str
    _task: str

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (100,),
        activation: Any = "relu",
        *,
        activation_parameters: Mapping[str, float] | None = None,
        loss: Any = None,
        loss_parameters: Mapping[str, float] | None = None,
        solver: str = "adam",
        alpha: float = 0.0001,
        batch_size: int | str = "auto",
        learning_rate: str = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: randomness.RandomState = None,
        tol: float = 1e-4,
        verbose: bool = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        scoring: str | None = None,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.activation_parameters = activation_parameters
        self.loss = loss
        self.loss_parameters = loss_parameters
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.scoring = scoring

    @abstractmethod
    def _encode(self, y: np.ndarray, loss: Any, fresh: bool) -> np.ndarray:
        """The targets of the network, shape (examples, outputs)."""

    @abstractmethod
    def _score_outputs(self, outputs: np.ndarray, targets: np.ndarray) -> float:
        """The validation score of early stopping, from the last layer's z."""

    def fit(self, X: Any, y: Any) -> Self:
        """Train on examples `X` of shape (examples, features) and their targets `y`.

        float32 examples are trained on in float32, all others in float64. The compiled loop releases Python's lock.

        Raises
        ------
        InputError
            When a parameter or the data cannot be used.
        DivergedError
            When the loss or a weight becomes infinite or NaN.
        """
        parts = self._parts()
        fresh = not (self.warm_start and hasattr(self, "coefs_"))
        X, y = self._validated(X, y, reset=fresh or not hasattr(self, "n_features_in_"))
        targets = self._encode(y, parts.loss, fresh)
        seed = randomness.root_seed(self.random_state)
        sizes = (X.shape[1], *parts.hidden, targets.shape[1])
        memory.check_fits(self, sizes, len(X), X.dtype)
        if fresh:
            vars(self).pop("coefs_", None)  # should training fail, nothing is fitted
            scale = gain(parts.activation, parts.activation_parameters)
            start = Progress(initial_weights(seed, sizes, scale), [*map(np.zeros, sizes[1:])])
        else:
            start = self._progress()
            checks.check_shapes(start.coefs, start.intercepts, sizes)
        output = output_activation(parts.loss, parts.loss_parameters).name
        self.out_activation_ = _OUTPUT_NAMES.get(output, output)
        self.n_layers_, self.n_outputs_ = len(sizes), sizes[-1]
        architecture = _architecture(sizes, parts)
        self._train(seed, start, X, targets, architecture, loss_kernel(parts.loss, X.dtype, parts.loss_parameters))
        return self

    def _validate_params(self) -> None:
        """Refuse parameters that no data could make right; raises `InputError`."""
        hidden = self._parts().hidden
        memory.check_fits(self, (1, *hidden, 1), 1, np.dtype(np.float32))

    def _parts(self) -> Parts:
        """What the network is made of; raises `InputError` for a setting that cannot be."""
        checks.check_settings(self)
        hidden = checks.hidden_sizes(self.hidden_layer_sizes)
        activation = checks.hidden_activation(self.activation, self.activation_parameters, bool(hidden))
        return Parts(hidden, *activation, *self._loss())

    def _loss(self) -> tuple[Any, dict[str, float]]:
        """The record and the parameters of the loss."""
        return checks.training_loss(self.loss, self.loss_parameters, self._task, self._default_loss)

    def __sklearn_is_fitted__(self) -> bool:
        """Whether there are weights to predict with."""
        return hasattr(self, "coefs_")

    def _validated(self, X: Any, y: Any, reset: bool) -> Any:
        numeric = self._task == "regression"
        kinds = (np.float64, np.float32)
        return validate_data(self, X, y, dtype=kinds, order="C", multi_output=True, y_numeric=numeric, reset=reset)

    def _progress(self) -> Progress:
        """Where training was left, or weights that were assigned."""
        best, history = getattr(self, "best_loss_", None), getattr(self, "history_", None)
        same_layers = history and history["gradient_norm"].shape[1] == len(self.coefs_)
        return Progress(
            self.coefs_,
            self.intercepts_,
            history=history if same_layers else None,
            best_loss=np.inf if best is None else best,
            examples_seen=getattr(self, "t_", 0),
        )

    def _train(
        self, seed: int, start: Progress, X: np.ndarray, targets: np.ndarray, architecture: Architecture, loss: int
    ) -> None:
        """Train from `start` on until converged, or for `max_iter` epochs."""
        X, targets, held = self._hold_out(seed, X, targets)
        watch = None
        if held and self.scoring is None:
            watch, held = EarlyStopping(*held, self._score_outputs, self.tol, self.n_iter_no_change), None
        network = Network(architecture, X.dtype, self._batch_rows(len(X)))
        network.assign(start.coefs, start.intercepts)
        training = Training(
            network,
            Data(X, targets),
            self._solver(start),
            loss=loss,
            shuffle=self.shuffle,
            key=randomness.key(seed, "batch order"),
            first_epoch=len(start.history["loss"]) if start.history else 0,
            held_out=Data(*held) if held else None,
        )
        converged = self._run(training, watch)
        if self.early_stopping:
            watch.restore_best(training) if watch else training.restore_best()
        history = training.history()
        self._keep(training, start, history)
        self._keep_validation(history, watch)
        if not converged and np.isfinite(self.n_iter_no_change):  # otherwise a fixed number of epochs was asked for
            warnings.warn(
                f"training stopped after max_iter={self.max_iter} epochs while the loss was still improving; "
                "raise max_iter or learning_rate_init",
                ConvergenceWarning,
                stacklevel=3,
            )

    def _hold_out(
        self, seed: int, X: np.ndarray, targets: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, np.ndarray] | None]:
        """Set the validation examples of early stopping aside, classes in proportion."""
        if not self.early_stopping:
            return X, targets, None
        generator = randomness.generator(seed, "validation split")
        kept, held = split(generator, len(X), self.validation_fraction, self._strata(targets))
        return X[kept], targets[kept], (X[held], targets[held])

    def _strata(self, targets: np.ndarray) -> np.ndarray | None:
        return None

    def _solver(self, start: Progress) -> Solver:
        names = Solver.__dataclass_fields__.keys() & vars(self).keys()
        settings = {name: getattr(self, name) for name in names}
        if self.early_stopping and self.scoring is None:
            settings["n_iter_no_change"] = np.inf  # the validation score decides
        best = np.inf if self.early_stopping else start.best_loss
        return Solver(
            name=self.solver,
            best_loss=best,
            examples_seen=start.examples_seen,
            loss_share=self._loss_share(),
            **settings,
        )

    def _loss_share(self) -> float:
        """What of the loss, a sum over the outputs, is reported."""
        return 1.0

    def _batch_rows(self, examples: int) -> int:
        if self.batch_size != "auto" and int(self.batch_size) > examples:
            warnings.warn(
                f"batch_size={self.batch_size} is more than the {examples} examples; it is cut to that", stacklevel=4
            )
        return checks.batch_rows(self.batch_size, examples)

    def _run(self, training: Training, watch: EarlyStopping | None) -> bool:
        """Train to the end; False where `max_iter` came before convergence."""
        work = 6 * training.examples * len(training.network.parameters)
        at_once = 1 if self.verbose or watch else max(1, int(_INTERRUPTIBLE / work))
        converged = False
        while not converged and training.epochs_done < self.max_iter:
            converged = training.run(min(at_once, self.max_iter - training.epochs_done))
            if self.verbose:
                print(f"Iteration {training.epochs_done}, loss = {training.last_loss:.8f}")
            if watch:
                converged = watch.improves_no_more(training)
                if self.verbose:
                    print(f"Validation score: {watch.scores[-1]:f}")
        return converged

    def _keep(self, training: Training, start: Progress, history: dict[str, np.ndarray]) -> None:
        """Take the result out of the training, its records behind those that it went on from."""
        network = training.network
        if start.history and start.history.keys() == history.keys():
            history = {name: np.concatenate([start.history[name], array]) for name, array in history.items()}
        self.coefs_ = [coef.copy() for coef in network.coefs]
        self.intercepts_ = [intercept.copy() for intercept in network.intercepts]
        self.history_, self.loss_curve_ = history, history["loss"].tolist()
        self.loss_, self.n_iter_ = self.loss_curve_[-1], training.epochs_done
        self.t_ = start.examples_seen + self.n_iter_ * training.examples
        self.best_loss_ = None if self.early_stopping else training.best_loss

    def _keep_validation(self, history: dict[str, np.ndarray], watch: EarlyStopping | None) -> None:
        scores = watch.scores if watch else (-history.get("validation_loss", np.zeros(0))).tolist()
        self.validation_scores_ = scores or None
        self.best_validation_score_ = float(np.fmax.reduce(scores)) if scores else None

    def _outputs(self, X: Any) -> np.ndarray:
        """The last layer's z for examples `X`, with `coefs_` and `intercepts_` as they are now."""
        check_is_fitted(self)
        dtype = np.dtype(np.float32 if self.coefs_[0].dtype == np.float32 else np.float64)
        X = validate_data(self, X, dtype=dtype, order="C", reset=False)
        record, parameters = checks.hidden_activation(self.activation, self.activation_parameters, hidden=False)
        sizes = (len(self.coefs_[0]), *(coef.shape[1] for coef in self.coefs_))
        hidden = tuple(Hidden(width, record, parameters) for width in sizes[1:-1])
        network = Network(Architecture(sizes[0], hidden, sizes[-1]), dtype, min(256, len(X)))
        network.assign(self.coefs_, self.intercepts_)
        return network.outputs(X)


def _architecture(sizes: Sequence[int], parts: Parts) -> Architecture:
    hidden = (Hidden(width, parts.activation, parts.activation_parameters) for width in sizes[1:-1])
    return Architecture(sizes[0], tuple(hidden), sizes[-1])
