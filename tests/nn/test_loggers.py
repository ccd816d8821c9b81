"""What reaches TensorBoard and MLflow."""

import sys
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from nonlin.nn.loggers import MLflowLogger, TensorBoardLogger
from nonlin.nn.watching import Watching

MODEL = SimpleNamespace(get_params=lambda: {"activation": "relu", "alpha": 0.1})
RECORDS = {"step": np.array([3, 6]), "dead_share": np.array([[0.5], [0.25]]), "update_ratio": np.ones((2, 2))}


def train(logger):
    """Two epochs, of which the first records a step and the second one more."""
    with Watching(MODEL, [logger], False, 2) as watch:
        first = {name: array[:1] for name, array in RECORDS.items()}
        watch.epoch_ended(1, loss=0.5, validation_score=None, learning_rate=0.1, records=first)
        watch.epoch_ended(2, loss=0.25, validation_score=0.75, learning_rate=0.1, records=RECORDS)


LOGGED = {
    ("loss", 1, 0.5),
    ("loss", 2, 0.25),
    ("learning_rate", 1, np.float32(0.1)),
    ("learning_rate", 2, np.float32(0.1)),
    ("validation_score", 2, 0.75),
    ("dead_share/layer_1", 3, 0.5),
    ("dead_share/layer_1", 6, 0.25),
    *((f"update_ratio/layer_{layer}", step, 1.0) for layer in (1, 2) for step in (3, 6)),
}


def scalars(folder):
    """What TensorBoard itself reads from the event files of a folder."""
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    events = accumulator.EventAccumulator(str(folder)).Reload()
    tags = events.Tags()["tensors"]
    return [(tag, event.step, event.tensor_proto.float_val[0]) for tag in tags for event in events.Tensors(tag)]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of the packages that tensorboard is made with
def test_tensorboard_reads_each_figure_once(tmp_path):
    pytest.importorskip("tensorboard")
    train(TensorBoardLogger(tmp_path))
    found = scalars(tmp_path)
    assert set(found) == LOGGED
    assert len(found) == len(LOGGED)


@pytest.fixture
def mlflow(monkeypatch):
    """A package with the functions of MLflow's fluent interface that are called, which notes the calls."""
    fake: dict = {"run": None, "calls": []}

    def start_run():
        fake["run"] = "run"
        fake["calls"].append("start")

    def end_run():
        fake["run"] = None
        fake["calls"].append("end")

    module = ModuleType("mlflow")
    module.active_run, module.start_run, module.end_run = lambda: fake["run"], start_run, end_run  # type: ignore
    module.log_params = lambda params: fake["calls"].append(params)  # type: ignore
    module.log_metrics = lambda metrics, step: fake["calls"].append((metrics, step))  # type: ignore
    monkeypatch.setitem(sys.modules, "mlflow", module)
    return fake


def test_mlflow_gets_parameters_and_figures_in_a_run_of_their_own(mlflow):
    train(MLflowLogger())
    start, parameters, *metrics, end = mlflow["calls"]
    assert (start, parameters, end) == ("start", {"activation": "relu", "alpha": 0.1}, "end")
    logged = {(name, step, np.float32(x)) for figures, step in metrics for name, x in figures.items()}
    assert logged == LOGGED
    assert mlflow["run"] is None


def test_mlflows_run_under_way_is_used_and_left_open(mlflow):
    mlflow["run"] = "of the user"
    train(MLflowLogger())
    assert "start" not in mlflow["calls"]
    assert mlflow["run"] == "of the user"


@pytest.mark.parametrize(
    ("make", "name", "package"),
    [(lambda: TensorBoardLogger("logs"), "TensorBoardLogger", "tensorboard"), (MLflowLogger, "MLflowLogger", "mlflow")],
)
def test_a_missing_package_is_one_sentence_with_the_command(make, name, package, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)  # as Python has it where an import is to fail
    with pytest.raises(ModuleNotFoundError) as missing:
        make()
    assert str(missing.value) == f"{name} needs {package}: pip install 'nonlin[{package}]'"
