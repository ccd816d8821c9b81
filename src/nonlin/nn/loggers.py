"""Callbacks that write a training's figures for TensorBoard and MLflow, through their own packages.

Logged are for each epoch the loss, the validation score and the learning rate, and for each step that `record` chose
the recorded quantities of each layer, as "gradient_norm/layer_1".
"""

from __future__ import annotations

from abc import abstractmethod
from importlib import import_module
from math import isnan
from os import PathLike, fspath
from typing import Any

from nonlin.nn.watching import Callback, Epoch


def _package(name: str, module: str, logger: str) -> Any:
    """A module of a package that is an extra; raises ModuleNotFoundError with the mend."""
    try:
        return import_module(module)
    except ModuleNotFoundError as missing:
        raise ModuleNotFoundError(f"{logger} needs {name}: pip install 'nonlin[{name}]'") from missing


class _Logger(Callback):
    """What both have in common: the figures by name, as they come."""

    @abstractmethod
    def _log(self, figures: dict[str, float], step: int) -> None: ...

    def on_fit_begin(self, model: Any) -> None:
        self._logged = 0  # records

    def on_epoch_end(self, epoch: Epoch) -> None:
        figures = {"loss": epoch.loss}
        if not isnan(epoch.learning_rate):
            figures["learning_rate"] = epoch.learning_rate
        if epoch.validation_score is not None:
            figures["validation_score"] = epoch.validation_score
        self._log(figures, epoch.number)
        steps = epoch.records.get("step", ())
        for row in range(self._logged, len(steps)):
            self._log(_by_layer(epoch, row), int(steps[row]))
        self._logged = len(steps)


def _by_layer(epoch: Epoch, row: int) -> dict[str, float]:
    """One recorded step's quantities."""
    quantities = [(name, array[row]) for name, array in epoch.records.items() if name != "step"]
    return {f"{name}/layer_{i}": float(x) for name, layers in quantities for i, x in enumerate(layers, start=1)}


class TensorBoardLogger(_Logger):
    """Writes each fit's figures into event files in a folder, which `tensorboard --logdir FOLDER` shows.

    Parameters
    ----------
    folder : path
        One for each training, below that which TensorBoard is to show, lays their curves over one another.

    Raises
    ------
    ModuleNotFoundError
        Where the package tensorboard, extra `tensorboard`, is not installed.

    Examples
    --------
    With the package installed::

        MLPClassifier(record="epoch").fit(X, y, callbacks=[TensorBoardLogger("runs/relu")])
    """

    def __init__(self, folder: str | PathLike[str]):
        self._summary = _package("tensorboard", "tensorboard.summary", "TensorBoardLogger")
        self._folder = fspath(folder)

    def on_fit_begin(self, model: Any) -> None:
        """Open an event file."""
        super().on_fit_begin(model)
        self._writer = self._summary.Writer(self._folder)

    def _log(self, figures: dict[str, float], step: int) -> None:
        for name, value in figures.items():
            self._writer.add_scalar(name, value, step)

    def on_fit_end(self, model: Any) -> None:
        """Close the event file."""
        self._writer.close()


class MLflowLogger(_Logger):
    """Logs each fit's figures, and the estimator's parameters, to a run of MLflow.

    That is the run under way, if there is one (`with mlflow.start_run():`), else a new one, which ends with the fit.
    Server and experiment are those that MLflow is set to.

    Raises
    ------
    ModuleNotFoundError
        Where the package mlflow, extra `mlflow`, is not installed.

    Examples
    --------
    With the package installed::

        MLPClassifier(record="epoch").fit(X, y, callbacks=[MLflowLogger()])
    """

    def __init__(self) -> None:
        self._mlflow = _package("mlflow", "mlflow", "MLflowLogger")

    def on_fit_begin(self, model: Any) -> None:
        """Start a run unless one is under way, and log the parameters."""
        super().on_fit_begin(model)
        self._started = self._mlflow.active_run() is None
        if self._started:
            self._mlflow.start_run()
        self._mlflow.log_params(model.get_params())

    def _log(self, figures: dict[str, float], step: int) -> None:
        self._mlflow.log_metrics(figures, step=step)

    def on_fit_end(self, model: Any) -> None:
        """End the run that the fit started."""
        if self._started:
            self._mlflow.end_run()
