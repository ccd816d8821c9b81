"""What both estimators share: checked settings and data, fitting, the outputs for new examples."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from scipy.sparse import issparse
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, validate_data

import nonlin as nl
from nonlin.errors import InputError
from nonlin.nn import checks, fitting, memory, randomness, updates
from nonlin.nn.architecture import Architecture
from nonlin.nn.definitions import loss_kernel
from nonlin.nn.explaining import Trace, backward_trace, forward_trace
from nonlin.nn.initialization import check_initialization, initial_parameters
from nonlin.nn.layers import hidden_layers
from nonlin.nn.learnt import Learnt, forget
from nonlin.nn.network import Network
from nonlin.nn.outputs import output_name
from nonlin.nn.parameters import Parameters
from nonlin.nn.plain_data import are_plain, are_plain_targets
from nonlin.nn.recording import check_record
from nonlin.nn.sources import Block, Source, source_of
from nonlin.nn.streaming import Stream
from nonlin.nn.training import Data
from nonlin.nn.watching import check_callbacks

_PREDICTION_ROWS = 256  # a block's values stay in the cache from layer to layer


class Targets(NamedTuple):
    """What examples are to give, shape (examples, outputs), how much each counts, and by which loss.

    `share` is how much of the loss, summed over the outputs, is reported.
    """

    values: np.ndarray
    weights: np.ndarray | None
    loss: Any
    parameters: dict[str, float]
    share: float


def has_batches(estimator: Perceptron) -> bool:
    """Whether the solver learns from batches, as `partial_fit` needs; raises AttributeError where not."""
    if estimator.solver not in updates.SOLVERS:
        raise AttributeError(
            f"partial_fit needs a solver that learns from batches, got solver={estimator.solver!r}; "
            f"choose one of {', '.join(map(repr, updates.SOLVERS))}"
        )
    return True


class Perceptron(Parameters, BaseEstimator, ABC):
    """A multilayer perceptron: the part that does not depend on the task."""

    hidden_layer_sizes: Any
    activation: Any
    loss: Any
    coefs_: list[np.ndarray]
    intercepts_: list[np.ndarray]
    out_activation_: str
    comparison_defaults: ClassVar[dict[str, Any]] = {"dtype": "float32"}  # many trainings: see nonlin.study.defaults
    _task: str

    @abstractmethod
    def _encode(self, y: np.ndarray, weights: np.ndarray | None, classes: Any, fresh: bool) -> Targets:
        """The targets of the network."""

    @abstractmethod
    def _loss(self) -> tuple[Any, dict[str, float]]:
        """The record and the parameters of the loss; raises `InputError` for one that cannot train."""

    @abstractmethod
    def _score_outputs(self, outputs: np.ndarray, targets: np.ndarray, weights: np.ndarray | None) -> float:
        """The validation score of early stopping, from the last layer's z."""

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        *,
        classes: Any = None,
        callbacks: Any = None,
        incremental: bool = False,
    ) -> Self:
        """Train from the start or, with `warm_start` or where it is `incremental`, from where training was left."""
        self._validate_params()
        check_callbacks(callbacks)
        if incremental and self.early_stopping:
            raise InputError("partial_fit does not support early_stopping=True: it has no epochs to choose from")
        fresh = not (hasattr(self, "coefs_") and (incremental or self.warm_start))
        source = None if incremental else source_of(X, y, sample_weight, self.dtype)
        names = source.feature_names if source else None
        if names:
            self._check_same_columns(names, fresh)
        block = source.whole() if source else None
        if source and not block:
            data, targets = self._streamed(source, classes, fresh)
        else:
            if block:
                X, y, sample_weight = block.inputs, block.targets, block.weights
            if names:
                vars(self).pop("feature_names_in_", None)  # they are those of the columns, which an array has not
            X, y = self._validated(X, y, reset=fresh or not hasattr(self, "n_features_in_"))
            targets = self._encode(y, checks.example_weights(sample_weight, X), classes, fresh)
            data = Data(X, targets.values, targets.weights)
            if not (incremental or targets.weights is None or targets.weights.any()):
                raise InputError("sample_weight and class_weight together leave every example the weight 0; raise some")
            if self.warm_start and not fresh:
                self._check_goes_on(targets)
        if names:
            self.feature_names_in_ = np.array(names, object)
        task = self._task_of(data, targets, fresh)._replace(callbacks=callbacks)
        self.out_activation_ = output_name(targets.loss, targets.parameters)
        self.n_layers_, self.n_outputs_ = len(task.architecture.sizes), task.architecture.outputs
        fitting.train(self, task, incremental)
        return self

    def _streamed(self, source: Source, classes: Any, fresh: bool) -> tuple[Stream, Targets]:
        """The data of a source that is trained on in blocks, and how its targets are encoded."""
        if self.solver not in updates.SOLVERS:
            raise InputError(f"solver={self.solver!r} needs all examples in memory at once; choose one such as 'adam'")
        source.check_passes(self.max_iter + int(self.early_stopping))
        if fresh or not hasattr(self, "n_features_in_"):
            self.n_features_in_ = source.features
            vars(self).pop("feature_names_in_", None)
        elif source.features != self.n_features_in_:
            raise InputError(f"X has {source.features} features, but {self.n_features_in_} were learnt from before")

        def encoded(block: Block) -> Data:
            return Data(block.inputs, *self._encode(block.targets, block.weights, None, fresh=False)[:2])

        targets = self._encode(*self._sample(source, classes, fresh), fresh)
        return Stream(source, encoded, randomness.root_seed(self.random_state) if self.shuffle else None), targets

    def _check_same_columns(self, names: Sequence[str], fresh: bool) -> None:
        """Raise `InputError` where training goes on with other columns than it began with."""
        known = names if fresh else getattr(self, "feature_names_in_", names)
        for number, (name, before) in enumerate(zip(names, known, strict=False)):
            if name != before:
                raise InputError(
                    f"column {number} of X is {name!r}, but training began with {before!r}; "
                    "give the same columns in the same order"
                )

    @abstractmethod
    def _sample(self, source: Source, classes: Any, fresh: bool) -> tuple[np.ndarray, None, Any]:
        """A target like those of the source, no weight, and the classes: what tells how targets are encoded."""

    def _task_of(self, data: Data | Stream, targets: Targets, fresh: bool) -> fitting.Task:
        """What to learn from the data, from the start where it is `fresh`, which forgets what was learnt."""
        seed = randomness.root_seed(self.random_state)
        widths = checks.hidden_sizes(self.hidden_layer_sizes)
        layers = hidden_layers(self, widths, not fresh)
        architecture = Architecture(self.n_features_in_, layers, targets.values.shape[1])
        in_memory = isinstance(data, Data)
        examples, dtype = (len(data.inputs), data.inputs.dtype) if in_memory else (data.source.block_rows, data.dtype)
        memory.check_fits(self, architecture.sizes, examples, dtype)
        if fresh:
            forget(self)  # should training fail, nothing is fitted
        start = self._fresh(seed, architecture) if fresh else Learnt.of(self)
        checks.check_shapes(start.coefs, start.intercepts, architecture.sizes)
        loss = loss_kernel(targets.loss, dtype, targets.parameters)
        return fitting.Task(architecture, start, loss, targets.share, data, seed)

    def _check_goes_on(self, targets: Targets) -> None:
        """Raise `InputError` for targets with which a training cannot go on."""

    def plot_history(self, ax: Any = None) -> Any:
        """Loss, validation, dead units and gradients by epoch and layer: see `nonlin.visualization.plot_history`."""
        from nonlin.visualization import plot_history

        return plot_history(self, ax)

    def forward_trace(self, X: Any) -> Trace:
        """Every intermediate of a prediction by name: inputs, weighted sums and activations of each layer, outputs.

        Parameters
        ----------
        X : array, table or sparse matrix (examples, features)

        Returns
        -------
        Trace
            Arrays (examples, units) in the dtype of the weights, in the order in which they come about; layers are
            counted from 1. Printed it is a table of formulas and shapes.

        Raises
        ------
        NotFittedError
            Before `fit`.
        ValueError
            For examples of other features than those learnt from.

        Examples
        --------
        >>> from nonlin.nn import MLPRegressor
        >>> model = MLPRegressor(hidden_layer_sizes=(2,), solver="lbfgs").fit([[0.0], [1.0]], [0.0, 1.0])
        >>> print(model.forward_trace([[0.5]]))
        name             formula                    shape
        inputs           x                          (1, 1)
        weighted_sums_1  inputs W_1 + b_1           (1, 2)
        activations_1    relu(weighted_sums_1)      (1, 2)
        weighted_sums_2  activations_1 W_2 + b_2    (1, 1)
        outputs          identity(weighted_sums_2)  (1, 1)
        """
        network, X = self._network_for(X, whole=True)
        return forward_trace(network, X, nl.get(self.out_activation_))

    def backward_trace(self, X: Any, y: Any, sample_weight: Any = None) -> Trace:
        """Every intermediate of the solver's next step with these examples as its batch; nothing is learnt.

        Besides those of `forward_trace` these are the loss, the error of each layer, (examples, units), and the
        gradients and updates, shaped as what they are of.

        Parameters
        ----------
        X, y, sample_weight : as `fit` takes them, in memory

        Raises
        ------
        NotFittedError
            Before `fit`.
        InputError
            When the data cannot be used, and with "lbfgs", which takes no steps on batches.

        Examples
        --------
        >>> from nonlin.nn import MLPRegressor
        >>> model = MLPRegressor(max_iter=1, n_iter_no_change=float("inf")).fit([[0.0], [1.0]], [0.0, 1.0])
        >>> trace = model.backward_trace([[0.5]], [0.5])
        >>> trace["errors_1"].shape, trace["weight_gradient_1"].shape, trace["bias_update_2"].shape
        ((1, 100), (1, 100), (1,))
        """
        check_is_fitted(self)
        if self.solver not in updates.SOLVERS:
            raise InputError(f"backward_trace shows a step on a batch, which solver={self.solver!r} does not take")
        X, y = self._validated(X, y, reset=False)
        targets = self._encode(y, checks.example_weights(sample_weight, X), None, fresh=False)
        data = Data(X, targets.values, targets.weights)
        training = fitting.one_step(self, self._task_of(data, targets, fresh=False))
        return backward_trace(training, nl.get(self.out_activation_))

    def _fresh(self, seed: int, architecture: Architecture) -> Learnt:
        activations = [(layer.activation, layer.parameters) for layer in architecture.hidden]
        coefs, intercepts = initial_parameters(self.initialization, seed, architecture.sizes, activations)
        return Learnt(coefs=coefs, intercepts=intercepts)

    def _validate_params(self) -> None:
        """Refuse parameters that no data could make right; raises `InputError`."""
        self._loss()
        checks.check_settings(self)
        check_record(self.record)
        check_initialization(self.initialization)
        widths = checks.hidden_sizes(self.hidden_layer_sizes)
        hidden_layers(self, widths, learnt=False)
        memory.check_fits(self, (1, *widths, 1), 1, np.dtype(np.float32))

    def __sklearn_is_fitted__(self) -> bool:
        """Whether there are weights to predict with."""
        return hasattr(self, "coefs_")

    def __sklearn_tags__(self) -> Any:
        """scikit-learn's facts about the estimator."""
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _validated(self, X: Any, y: Any, reset: bool) -> tuple[np.ndarray, np.ndarray]:
        """The data as arrays: examples in the numbers that are computed with, targets as they come."""
        kinds = (np.float64, np.float32) if self.dtype is None else (np.dtype(self.dtype),)
        if self.dtype is None and self.solver == "lbfgs":
            kinds = (np.float64,)  # its line search needs the digits; scikit-learn computes in float64 too
        if are_plain(self, X, kinds, reset) and are_plain_targets(y, len(X)):
            self.n_features_in_ = X.shape[1]
            return X, y
        checks.check_in_memory(X)
        numeric = self._task == "regression"
        options: dict[str, Any] = {"multi_output": True, "y_numeric": numeric, "accept_sparse": ("csr", "csc")}
        X, y = validate_data(self, X, y, dtype=kinds, order="C", reset=reset, **options)
        return _dense(X), _dense(y)

    def _outputs(self, X: Any) -> np.ndarray:
        """The last layer's z for examples `X`, with `coefs_` and `intercepts_` as they are now."""
        network, X = self._network_for(X)
        return network.outputs(X)

    def _network_for(self, X: Any, whole: bool = False) -> tuple[Network, np.ndarray]:
        """The fitted network, with room for a block of the examples or the `whole` of them, and these as an array."""
        check_is_fitted(self)
        dtype = np.dtype(np.float32 if self.coefs_[0].dtype == np.float32 else np.float64)
        if not are_plain(self, X, (dtype,), reset=False):
            checks.check_in_memory(X)
            X = _dense(validate_data(self, X, dtype=dtype, order="C", accept_sparse=("csr", "csc"), reset=False))
        widths = [coef.shape[1] for coef in self.coefs_]
        architecture = Architecture(X.shape[1], hidden_layers(self, widths[:-1], learnt=True), widths[-1])
        network = Network(architecture, dtype, len(X) if whole else min(_PREDICTION_ROWS, len(X)))
        Learnt.of(self).place(network)
        return network, X


def _dense(X: Any) -> np.ndarray:
    return X.toarray(order="C") if issparse(X) else X
