"""`MLPRegressor`: scikit-learn's interface, any activation and regression loss of the registry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import column_or_1d

import nonlin as nl
from nonlin.errors import InputError
from nonlin.nn import checks
from nonlin.nn.base import Perceptron, Targets, has_batches
from nonlin.nn.sources import Source
from nonlin.nn.stack import numbers_ending, through

_SCIKIT_LEARNS = {"squared_error": ("half_squared", {}), "poisson": ("tweedie", {"power": 1.0})}  # names of losses


@dataclass(eq=False, repr=False)
class MLPRegressor(RegressorMixin, Perceptron):
    """A multilayer perceptron that predicts numbers, with any activation, trained by backpropagation.

    A drop-in for scikit-learn's class of that name; what is more, `MLPClassifier` says, and

    Parameters
    ----------
    loss : str or record, default "squared_error"
        Any regression loss of predictions and targets. "squared_error" is half of the mean squared error and "poisson"
        half of the Poisson deviance, as in scikit-learn; any other name is that of a loss of the registry, and so is
        "mse". Several outputs are learnt in sum; reported is their mean, of "poisson" the sum, as in scikit-learn.
        "rmse" is the root of the mean of each batch. Where a loss takes the logarithm of what it predicts, or amounts,
        `predict` gives the exponential of the last layer, and `out_activation_` says so.
    loss_parameters : dict, optional
        Parameters of the loss, such as `{"delta": 2.0}` of "huber" or `{"quantile": 0.9}` of "pinball".

    Examples
    --------
    >>> import numpy as np
    >>> from nonlin.nn import MLPRegressor
    >>> X = np.linspace(-2, 2, 200)[:, np.newaxis]
    >>> y = np.sin(2 * X[:, 0])
    >>> model = MLPRegressor("squared_error", (32, 32), "gelu", learning_rate_init=0.01, random_state=0, max_iter=400)
    >>> bool(model.fit(X, y).score(X, y) > 0.99)
    True
    """

    loss: Any = "squared_error"
    hidden_layer_sizes: int | Sequence[int] = (100,)
    activation: Any = "relu"

    _task = "regression"
    _default_loss = "squared_error"

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None, *, callbacks: Any = None) -> Self:
        """Train on examples `X` of shape (examples, features) and their targets `y`.

        Parameters
        ----------
        X : array, table or sparse matrix (examples, features), also a mapped one, or data larger than memory: the path
            of a .npy, Parquet or text file, or batches (X, y) or (X, y, weights); `nonlin.nn.sources` says how
        y : (examples,), or (examples, outputs) for several numbers an example
        sample_weight : (examples,), how much each example counts
        callbacks : functions of an `Epoch` or `Callback` objects, told after each epoch; True stops the training

        Raises
        ------
        InputError
            When a parameter or the data cannot be used.
        DivergedError
            When the loss or a weight becomes infinite or NaN.
        """
        return self._fit(X, y, sample_weight, callbacks=callbacks)

    @available_if(has_batches)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train one epoch on these examples, from where the call before ended; the solver keeps its momentum.

        A "cosine" or "one_cycle" learning rate is at its end after `max_iter` calls.

        Parameters
        ----------
        X, y, sample_weight : as `fit` takes them, in memory

        Raises
        ------
        InputError
            When a parameter or the data cannot be used.
        DivergedError
            When the loss or a weight becomes infinite or NaN.

        Examples
        --------
        >>> from nonlin.nn import MLPRegressor
        >>> model = MLPRegressor(hidden_layer_sizes=(4,), random_state=0)
        >>> model.partial_fit([[0.0], [1.0]], [0.0, 1.0]).partial_fit([[2.0]], [2.0]).t_
        3
        """
        return self._fit(X, y, sample_weight, incremental=True)

    def _loss(self) -> tuple[Any, dict[str, float]]:
        if not isinstance(self.loss, str) or self.loss not in _SCIKIT_LEARNS:
            return checks.training_loss(self.loss, self.loss_parameters, self._task, self._default_loss)
        if self.loss_parameters:
            raise InputError(f"loss {self.loss!r} has no parameters, got loss_parameters={self.loss_parameters!r}")
        name, parameters = _SCIKIT_LEARNS[self.loss]
        return checks.training_loss(name, parameters, self._task, name)

    def _encode(self, y: np.ndarray, weights: np.ndarray | None, classes: Any, fresh: bool) -> Targets:
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        loss, parameters = self._loss()
        try:
            checks.check_numbers(loss, y, self._default_loss)
        except InputError as error:  # which knows scikit-learn's losses by other names
            raise InputError(f"y does not fit loss={self.loss!r}: {error}") from None
        values = y.reshape(len(y), -1)
        in_sum = loss.kind != "elementwise" or self.loss == "poisson"
        return Targets(values, weights, loss, parameters, 1.0 if in_sum else 1 / values.shape[1])

    def _sample(self, source: Source, classes: Any, fresh: bool) -> tuple[np.ndarray, None, Any]:
        return np.ones((1, *source.target_shape)), None, None

    def _strata(self, targets: np.ndarray) -> np.ndarray | None:
        return None

    def _score_outputs(self, outputs: np.ndarray, targets: np.ndarray, weights: np.ndarray | None) -> float:
        predictions = nl.get(self.out_activation_)(outputs)
        finite = np.isfinite(predictions).all()
        return float(r2_score(targets, predictions, sample_weight=weights)) if finite else np.nan

    def predict(self, X: Any) -> np.ndarray:
        """The predictions in the dtype of the weights, (examples,), or (examples, outputs) for several targets.

        Raises NotFittedError before `fit`, ValueError for other features than were learnt from.
        """
        outputs = self._outputs(X)
        return through(numbers_ending(self), outputs)
