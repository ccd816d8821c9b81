"""`MLPClassifier` and `MLPRegressor`: scikit-learn's interface, any activation and loss of the registry."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

import nonlin as nl
from nonlin.errors import InputError
from nonlin.nn import checks
from nonlin.nn.base import Perceptron


class MLPClassifier(ClassifierMixin, Perceptron):
    """A multilayer perceptron that tells classes apart, with any activation, trained by backpropagation.

    A drop-in for scikit-learn's class of that name: the parameters, their defaults and the attributes are the same
    except for the following.

    Parameters
    ----------
    activation : str or record
        Any elementwise activation of the registry by name or alias, or an activation of your own.
    activation_parameters : dict, optional
        Parameters of the activation, such as `{"negative_slope": 0.2}`.
    loss : str or record, default "cross_entropy"
        A classification loss: "cross_entropy" has an output a class (two for two classes), "binary_cross_entropy"
        a single one.
    solver : "adam" or "sgd"
    scoring : None or "loss"
        What early stopping judges by: the estimator's score on the examples held out, as scikit-learn's class does, or
        the loss on them. With "loss", improvements below `tol` add up, `n_iter_no_change` is ten times as long while
        the training loss stands still too (a plateau, not overfitting), and nothing but compiled code runs.

    Attributes
    ----------
    coefs_, intercepts_ : lists of arrays (fan_in, width) and (width,)
        The layers. They can be assigned, and with `warm_start=True` training goes on from them.
    history_ : dict of arrays with an entry an epoch
        "loss" (epochs,), "gradient_norm" (epochs, layers): the rms of dL/dz, "dead_share" (epochs, hidden layers): the
        share of units whose slope |f'(z)| was at most 1e-6 of the largest slope for every example of the epoch; with
        early stopping by the loss also "validation_loss" (epochs,).

    Notes
    -----
    Weights start from standard normal draws times the activation's gain (He et al. 2015, arXiv:1502.01852) over the
    root of the mean of fan_in and fan_out, those of the last layer from small ones, biases from zero. One
    `random_state` means the same draws, batches and examples held out for every activation, and the same bits however
    many trainings run side by side.

    Examples
    --------
    >>> from nonlin.nn import MLPClassifier
    >>> X, y = [[0, 0], [0, 1], [1, 0], [1, 1]], [0, 1, 1, 0]
    >>> xor = MLPClassifier((16,), "tanh", learning_rate_init=0.05, random_state=0, max_iter=500).fit(X, y)
    >>> xor.predict(X).tolist()
    [0, 1, 1, 0]
    """

    _task = "classification"
    _default_loss = "cross_entropy"

    def _encode(self, y: np.ndarray, loss: Any, fresh: bool) -> np.ndarray:
        y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        classes, indices = np.unique(y, return_inverse=True)
        if len(classes) < 2:
            raise InputError(
                f"y has only one class, {classes.tolist()[0]!r}; a classifier needs examples of at least two"
            )
        checks.check_classes(loss, len(classes))
        known = classes if fresh else getattr(self, "classes_", classes)
        if not np.array_equal(known, classes):
            raise InputError(f"with warm_start=True y must have the classes of the fit before, {known}, got {classes}")
        self.classes_ = classes
        return np.eye(len(classes))[indices] if loss.kind == "row" else indices[:, np.newaxis]

    def _strata(self, targets: np.ndarray) -> np.ndarray:
        return _class_indices(targets, 0.5)

    def _score_outputs(self, outputs: np.ndarray, targets: np.ndarray) -> float:
        if not np.isfinite(outputs).all():
            return np.nan
        return float(accuracy_score(_class_indices(targets, 0.5), _class_indices(outputs, 0.0)))

    def predict(self, X: Any) -> np.ndarray:
        """The most probable class of each example, shape (examples,)."""
        outputs = self._outputs(X)
        return self.classes_[_class_indices(outputs, 0.0)]

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class in the order of `classes_`, shape (examples, classes)."""
        outputs = self._outputs(X)
        output = nl.get(self.out_activation_)
        if self.n_outputs_ > 1:
            return output(outputs)
        return output(np.hstack([-outputs, outputs]))

    def predict_log_proba(self, X: Any) -> np.ndarray:
        """The logarithm of the probabilities, exact where they underflow, shape (examples, classes)."""
        outputs = self._outputs(X)
        if self.n_outputs_ == 1:
            return -nl.get("softplus")(np.hstack([outputs, -outputs]))
        return nl.get("log_softmax")(outputs)


def _class_indices(outputs: np.ndarray, threshold: float) -> np.ndarray:
    """The class of each row: the largest column, or for a single column whether it exceeds the threshold."""
    return np.argmax(outputs, axis=1) if outputs.shape[1] > 1 else (outputs[:, 0] > threshold).astype(np.intp)


class MLPRegressor(RegressorMixin, Perceptron):
    """A multilayer perceptron that predicts numbers, with any activation, trained by backpropagation.

    A drop-in for scikit-learn's class of that name; what differs is what `MLPClassifier` says, and

    Parameters
    ----------
    loss : str or record, default "mse"
        A regression loss. The mean squared error is not halved, as it is in scikit-learn.

    Examples
    --------
    >>> import numpy as np
    >>> from nonlin.nn import MLPRegressor
    >>> X = np.linspace(-2, 2, 200)[:, np.newaxis]
    >>> y = np.sin(2 * X[:, 0])
    >>> model = MLPRegressor((32, 32), "gelu", learning_rate_init=0.01, random_state=0, max_iter=400).fit(X, y)
    >>> bool(model.score(X, y) > 0.99)
    True
    """

    _task = "regression"
    _default_loss = "mse"

    def _encode(self, y: np.ndarray, loss: Any, fresh: bool) -> np.ndarray:
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        self._flat = y.ndim == 1
        return y.reshape(len(y), -1)

    def _score_outputs(self, outputs: np.ndarray, targets: np.ndarray) -> float:
        return float(r2_score(targets, outputs)) if np.isfinite(outputs).all() else np.nan

    def predict(self, X: Any) -> np.ndarray:
        """The predictions, shape (examples,), or (examples, outputs) for several targets."""
        outputs = self._outputs(X)
        return outputs[:, 0].copy() if self._flat else outputs.copy()
