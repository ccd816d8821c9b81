"""`MLPClassifier` and `MLPRegressor`: scikit-learn's interface, any activation and loss of the registry."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.metrics import accuracy_score, r2_score
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import column_or_1d

import nonlin as nl
from nonlin.errors import InputError
from nonlin.nn import checks
from nonlin.nn.base import Perceptron
from nonlin.nn.outputs import gives_probabilities


def _is_probable(classifier: MLPClassifier) -> bool:
    """Whether the classifier's loss trains probabilities; one that cannot train is refused by `fit`."""
    try:
        return gives_probabilities(classifier._loss()[0])
    except InputError:
        return False


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
        Any classification loss of predictions and targets. One of rows has an output a class; an elementwise one a
        single output for two classes, and for more of them one a class, each against the rest. A loss of probabilities
        follows a softmax or a sigmoid. `predict` takes the class of the largest output, or the second one where a
        single output is above 0; `predict_proba` is there for a loss that trains probabilities.
    loss_parameters : dict, optional
        Parameters of the loss, such as `{"gamma": 1.5}`.
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
        known = classes if fresh else getattr(self, "classes_", classes)
        if not np.array_equal(known, classes):
            raise InputError(f"with warm_start=True y must have the classes of the fit before, {known}, got {classes}")
        self.classes_ = classes
        single = loss.kind != "row" and len(classes) == 2
        right = indices[:, np.newaxis] == (1 if single else np.arange(len(classes)))
        return np.where(right, 1.0, -1.0 if loss.domain == "sign" else 0.0)

    def _strata(self, targets: np.ndarray) -> np.ndarray:
        return _class_indices(targets)

    def _score_outputs(self, outputs: np.ndarray, targets: np.ndarray) -> float:
        if not np.isfinite(outputs).all():
            return np.nan
        return float(accuracy_score(_class_indices(targets), _class_indices(outputs)))

    def predict(self, X: Any) -> np.ndarray:
        """The class that the loss decides for, the most probable one where there are probabilities, (examples,)."""
        outputs = self._outputs(X)
        return self.classes_[_class_indices(outputs)]

    @available_if(_is_probable)
    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each class in the order of `classes_`, shape (examples, classes)."""
        outputs = self._outputs(X)
        output = nl.get(self.out_activation_)
        if output.kind == "row":
            return output(outputs)
        if self.n_outputs_ == 1:
            return output(np.hstack([-outputs, outputs]))
        return _shares(output(outputs), outputs)

    @available_if(_is_probable)
    def predict_log_proba(self, X: Any) -> np.ndarray:
        """The logarithm of the probabilities, exact where they underflow, shape (examples, classes)."""
        outputs = self._outputs(X)
        if self.out_activation_ == "softmax":
            return nl.get("log_softmax")(outputs)
        if self.out_activation_ == "logistic":
            single, log_sigmoid = self.n_outputs_ == 1, nl.get("logsigmoid")
            logs = log_sigmoid(np.hstack([-outputs, outputs]) if single else outputs)
            return logs if single else nl.get("log_softmax")(logs)
        with np.errstate(divide="ignore"):  # a sparse output gives some classes no probability at all
            return np.log(self.predict_proba(X))


def _shares(each: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """Probabilities of each class against the rest as shares of their sum; where all are 0, the softmax's."""
    total = each.sum(axis=1, keepdims=True)
    return np.where(total > 0, each / np.where(total > 0, total, 1), nl.get("softmax")(outputs))


def _class_indices(outputs: np.ndarray) -> np.ndarray:
    """The class of each row, of outputs or targets: the largest column, or whether a single one is above 0."""
    return np.argmax(outputs, axis=1) if outputs.shape[1] > 1 else (outputs[:, 0] > 0).astype(np.intp)


class MLPRegressor(RegressorMixin, Perceptron):
    """A multilayer perceptron that predicts numbers, with any activation, trained by backpropagation.

    A drop-in for scikit-learn's class of that name; what differs is what `MLPClassifier` says, and

    Parameters
    ----------
    loss : str or record, default "mse"
        Any regression loss of predictions and targets. The mean squared error is not halved, as it is in scikit-learn;
        "rmse" is the root of that of each batch. Where a loss takes the logarithm of what it predicts, or amounts,
        `predict` gives the exponential of the last layer, and `out_activation_` says so.
    loss_parameters : dict, optional
        Parameters of the loss, such as `{"delta": 2.0}` of "huber" or `{"quantile": 0.9}` of "pinball".

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
        checks.check_numbers(loss, y, self._default_loss)
        self._flat = y.ndim == 1
        return y.reshape(len(y), -1)

    def _loss_share(self) -> float:
        return 1 / self.n_outputs_ if self._loss()[0].kind == "elementwise" else 1.0  # the mean, as in scikit-learn

    def _score_outputs(self, outputs: np.ndarray, targets: np.ndarray) -> float:
        predictions = nl.get(self.out_activation_)(outputs)
        return float(r2_score(targets, predictions)) if np.isfinite(predictions).all() else np.nan

    def predict(self, X: Any) -> np.ndarray:
        """The predictions, shape (examples,), or (examples, outputs) for several targets."""
        outputs = self._outputs(X)
        predictions = nl.get(self.out_activation_)(outputs)
        return predictions[:, 0] if self._flat else predictions
