"""Fitted networks in other libraries predict the same, whatever they are made of."""

import copy
import pickle
import sys
import warnings
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx.reference import ReferenceEvaluator
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.neural_network import MLPClassifier as TheirClassifier
from sklearn.neural_network import MLPRegressor as TheirRegressor
from sklearn.pipeline import make_pipeline

import nonlin as nl
from nonlin.errors import InputError
from nonlin.nn import MLPClassifier, MLPRegressor
from nonlin.nn.exchange import from_sklearn, to_onnx, to_torch
from nonlin.nn.stack import Activate, Dense, Normalize, stack_of
from nonlin.signature import learnable_names

RNG = np.random.default_rng(0)
X = RNG.standard_normal((60, 4)) / 2
CLASSES = np.digitize(X[:, 0] + X[:, 1], [-0.35, 0.35])
NUMBERS = np.sin(X[:, 0]) + X[:, 1]
AMOUNTS = np.exp(NUMBERS / 3)
LABELS = np.stack([X[:, 0] > 0, X[:, 1] > 0, X[:, 2] > 1], axis=1).astype(int)
FEW_EPOCHS = {"hidden_layer_sizes": (7, 5), "max_iter": 5, "random_state": 0}
TOLERANCES = {"float32": 1e-6, "float64": 1e-12}
DTYPES = tuple(TOLERANCES)
ELEMENTWISE = [name for name in nl.activations() if nl.get(name).kind == "elementwise"]
OUTPUTS = ("softmax", "sparsemax", "entmax15")

# What a network may predict: an estimator of ours and its targets.
CLASSIFIERS = {
    "several classes": (MLPClassifier(), CLASSES),
    "two classes": (MLPClassifier(), CLASSES > 0),
    "two classes, one output": (MLPClassifier(loss="binary_cross_entropy"), CLASSES > 0),
    "each class against the rest": (MLPClassifier(loss="binary_cross_entropy"), np.array(list("abc"))[CLASSES]),
    "sparse shares": (MLPClassifier(loss="sparsemax_loss"), CLASSES),
    "margins": (MLPClassifier(loss="multi_margin"), CLASSES),
    "margins of two classes": (MLPClassifier(loss="hinge"), CLASSES > 0),
}
REGRESSORS = {
    "a number": (MLPRegressor(), NUMBERS),
    "several numbers": (MLPRegressor(), np.stack([NUMBERS, X[:, 2]], axis=1)),
    "amounts": (MLPRegressor(loss="poisson_nll"), AMOUNTS),
}
TASKS = CLASSIFIERS | REGRESSORS


def fitted(model, y, dtype="float64", **settings):
    model = copy.deepcopy(model).set_params(**{**FEW_EPOCHS, **settings})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return model.fit(X.astype(dtype), y)


def predictions(model, dtype="float64"):
    """What an exported model is to give: probabilities, numbers, or outputs where there are none."""
    for method in ("predict_proba", "predict"):
        if hasattr(model, method) and not (method == "predict" and hasattr(model, "classes_")):
            return getattr(model, method)(X.astype(dtype))
    return model._outputs(X.astype(dtype))


def run_onnx(model, dtype="float64"):
    evaluator = ReferenceEvaluator(to_onnx(model))
    with np.errstate(all="ignore"):  # of a `Where` both sides are computed
        results = evaluator.run(None, {"X": X.astype(dtype)})
    return dict(zip(evaluator.output_names, results, strict=True))


def run_torch(torch, model, dtype="float64", **options):
    with torch.no_grad():
        return to_torch(model, **options)(torch.tensor(X, dtype=getattr(torch, dtype))).numpy()


def assert_same(actual, expected, dtype="float64"):
    assert actual.dtype == expected.dtype == dtype
    np.testing.assert_allclose(actual, expected, rtol=TOLERANCES[dtype], atol=TOLERANCES[dtype])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("task", TASKS)
def test_torch_predicts_the_same(torch, task, dtype):
    model = fitted(*TASKS[task], dtype)
    assert_same(run_torch(torch, model, dtype), predictions(model, dtype), dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("task", TASKS)
def test_onnx_predicts_the_same(task, dtype):
    model = fitted(*TASKS[task], dtype)
    results = run_onnx(model, dtype)
    name = "probabilities" if hasattr(model, "predict_proba") else "scores" if task in CLASSIFIERS else "variable"
    assert list(results) == (["label", name] if task in CLASSIFIERS else [name])
    assert_same(results[name], predictions(model, dtype), dtype)
    if task in CLASSIFIERS:
        np.testing.assert_array_equal(results["label"], model.predict(X.astype(dtype)))


@pytest.fixture(scope="module")
def small():
    """A fitted network by the dtype of its weights."""
    return {dtype: fitted(MLPRegressor(), NUMBERS, dtype) for dtype in DTYPES}


def with_activations(model, names, parameters):
    """The network with these activations in its hidden layers, and its predictions by the definitions."""
    model, z = copy.deepcopy(model), X.astype(model.coefs_[0].dtype)
    model.activation, model.activation_parameters_ = names, parameters
    *hidden, (coef, intercept) = zip(model.coefs_, model.intercepts_, strict=True)
    for name, given, (weights, bias) in zip(names, parameters, hidden, strict=True):
        z = nl.get(name)(z @ weights + bias, **given)
    return model, (z @ coef + intercept)[:, 0]


@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize("dtype", DTYPES)
def test_every_activation_is_exported(torch, small, name, dtype):
    model, expected = with_activations(small[dtype], [name, name], [{}, {}])
    assert_same(run_torch(torch, model, dtype), expected, dtype)
    assert_same(run_onnx(model, dtype)["variable"], expected, dtype)


def points(dtype):
    """Numbers of all sizes, the infinite ones and NaN."""
    sizes = 10.0 ** np.arange(-30, 31, 0.5)
    return np.concatenate([np.linspace(-30, 30, 1201), sizes, -sizes, [0, np.inf, -np.inf, np.nan]]).astype(dtype)


@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize("dtype", DTYPES)
def test_torch_computes_every_activation_and_its_derivatives(torch, name, dtype):
    from nonlin.backends.torch.function import call

    record, x = nl.get(name), points(dtype)[:-3]
    values = {name: known.default for name, known in record.parameters.items()}
    learned = {name: torch.tensor(values[name], dtype=getattr(torch, dtype)) for name in learnable_names(record)}
    for tensor in learned.values():
        tensor.requires_grad_()
    z = torch.tensor(x, requires_grad=True)
    result = call(record, z, **{**values, **learned})
    assert_same(result.detach().numpy(), record(x, **values), dtype)
    result.sum().backward(retain_graph=True)
    assert_same(z.grad.numpy(), record.derivative(x, **values), dtype)
    for name, tensor in learned.items():
        slopes = record.derivative(np.linspace(-3, 3, 61, dtype=dtype), with_respect_to=name, **values)
        (gradient,) = torch.autograd.grad(
            call(record, torch.linspace(-3, 3, 61, dtype=z.dtype), **{**values, **learned}).sum(), tensor
        )
        np.testing.assert_allclose(gradient.numpy(), slopes.sum(), rtol=50 * TOLERANCES[dtype], atol=1e-5)


def run_graph(record, x, **parameters):
    from nonlin.backends.onnx import Graph

    graph = Graph(x.dtype)
    graph.output("y", graph.call(record, "x", **parameters), x.dtype, x.shape)
    with np.errstate(all="ignore"):
        return ReferenceEvaluator(graph.model({"x": x.shape}, "one function")).run(None, {"x": x})[0]


@pytest.mark.parametrize("name", ELEMENTWISE)
@pytest.mark.parametrize("dtype", DTYPES)
def test_both_keep_infinities_and_nan(torch, name, dtype):
    from nonlin.backends.torch.function import call

    record, x = nl.get(name), points(dtype)
    expected = record(x)
    assert_same(run_graph(record, x), expected, dtype)
    assert_same(call(record, torch.tensor(x)).numpy(), expected, dtype)


@pytest.mark.parametrize("name", [*OUTPUTS, "log_softmax"])
@pytest.mark.parametrize("dtype", DTYPES)
def test_both_compute_functions_of_rows(torch, name, dtype):
    from nonlin.backends.torch.function import call

    record, x = nl.get(name), np.concatenate([X, 100 * X, X / 100, np.zeros((1, 4))]).astype(dtype)
    assert_same(run_graph(record, x), record(x), dtype)
    z = torch.tensor(x, requires_grad=True)
    result = call(record, z)
    assert_same(result.detach().numpy(), record(x), dtype)
    cotangent = RNG.standard_normal(x.shape).astype(dtype)
    result.backward(torch.tensor(cotangent))
    np.testing.assert_allclose(z.grad.numpy(), record.vjp(x, cotangent), rtol=1e-5, atol=1e-5)


def test_torchs_own_modules_are_used_where_they_compute_the_same(torch):
    from nonlin.backends.torch.module import module

    def kind(name, **parameters):
        return type(module(nl.get(name), parameters))

    assert kind("leaky_relu", negative_slope=0.3) is torch.nn.LeakyReLU
    assert kind("prelu", weight=0.1) is torch.nn.PReLU
    assert kind("softmax") is torch.nn.Softmax
    assert {kind(name) for name in ("gelu", "silu", "hardtanh", "identity")} == {
        torch.nn.GELU, torch.nn.SiLU, torch.nn.Hardtanh, torch.nn.Identity,
    }  # fmt: skip
    assert not {kind(name) for name in ("rrelu", "softplus", "gelu_tanh")} & {
        torch.nn.RReLU, torch.nn.Softplus, torch.nn.GELU,
    }  # fmt: skip


def test_what_is_learned_in_pytorch_is_the_definitions_parameter(torch, small):
    model = to_torch(with_activations(small["float32"], ["swish_beta"] * 2, [{}, {"beta": 2.0}])[0])
    names = [name for name, _ in model.named_parameters()]
    assert names == ["0.weight", "0.bias", "1.beta", "2.weight", "2.bias", "3.beta", "4.weight", "4.bias"]
    model.train()(torch.tensor(X, dtype=torch.float32)).sum().backward()
    assert model[1].beta.grad.item() != 0
    again = pickle.loads(pickle.dumps(model))
    again.load_state_dict(model.state_dict())
    assert repr(again[1]) == "DefinedActivation(swish_beta, beta=1)"


def test_gradients_of_unused_branches_stay_out(torch):
    """Autograd through `where` gives NaN where a branch not taken overflows; the definition's derivative does not."""
    model = to_torch(fitted(MLPRegressor(), NUMBERS, "float32", activation="softplus"))
    x = torch.full((3, 4), 1e4, requires_grad=True)
    model(x).sum().backward()
    assert torch.isfinite(x.grad).all()


def test_a_parameter_without_derivative_is_no_tensor_to_learn(torch):
    from nonlin.backends.torch.function import call

    slope = torch.tensor(0.1, requires_grad=True)
    with pytest.raises(InputError, match="no derivative with respect to 'negative_slope'"):
        call(nl.leaky_relu, torch.zeros(2), negative_slope=slope)


def test_half_precision_is_rounded_once(torch):
    from nonlin.backends.torch.function import call

    x = torch.linspace(-8, 8, 257).to(torch.bfloat16)
    assert torch.equal(call(nl.telu, x), call(nl.telu, x.float()).to(torch.bfloat16))


def test_logits_leave_out_what_follows_the_last_layer(torch):
    model = fitted(*CLASSIFIERS["several classes"])
    assert_same(run_torch(torch, model, logits=True), model._outputs(X))
    number = fitted(*REGRESSORS["a number"])
    assert run_torch(torch, number, logits=True).shape == (60, 1)
    assert run_torch(torch, number).shape == (60,)


NORMALIZED = [
    {"kind": "layer", "gamma": RNG.random(7), "mean": None, "variance": None, "epsilon": 1e-5},
    {"kind": "batch", "gamma": RNG.random(5), "mean": RNG.random(5), "variance": RNG.random(5), "epsilon": 1e-3},
]


def with_normalizations(dtype):
    """A network whose first hidden layer is normalized by rows, the second by columns, and its exact predictions."""
    model = fitted(MLPRegressor(), NUMBERS, dtype, activation="gelu")
    cast = {float: float, str: str, type(None): lambda none: none, np.ndarray: lambda array: array.astype(dtype)}
    model.normalizations_ = [{name: cast[type(v)](v) for name, v in layer.items()} for layer in NORMALIZED]
    (first, second, last), (b, c, d) = model.coefs_, model.intercepts_
    z = X.astype(dtype) @ first
    z = (z - z.mean(axis=1, keepdims=True)) / np.sqrt(z.var(axis=1, keepdims=True) + 1e-5)
    z = nl.gelu(z * model.normalizations_[0]["gamma"] + b) @ second
    layer = model.normalizations_[1]
    z = (z - layer["mean"]) / np.sqrt(layer["variance"] + 1e-3).astype(dtype)
    return model, (nl.gelu(z * layer["gamma"] + c) @ last + d)[:, 0]


@pytest.mark.parametrize("dtype", DTYPES)
def test_normalization_layers_are_exported(torch, dtype):
    model, expected = with_normalizations(dtype)
    kinds = [type(layer) for layer in stack_of(model).layers]
    assert kinds == [Dense, Normalize, Activate, Dense, Normalize, Activate, Dense]
    assert_same(run_torch(torch, model, dtype), expected, dtype)
    assert_same(run_onnx(model, dtype)["variable"], expected, dtype)


def test_each_layer_has_its_own_activation_and_parameters(torch, small):
    model, expected = with_activations(small["float64"], ["prelu", nl.elu], [{"weight": 0.7}, {"alpha": 0.3}])
    assert_same(run_torch(torch, model), expected)
    assert_same(run_onnx(model)["variable"], expected)


def test_an_onnx_file_is_checked_and_says_what_it_is(tmp_path):
    path = tmp_path / "model.onnx"
    to_onnx(fitted(*CLASSIFIERS["each class against the rest"]), path)
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert [(opset.domain, opset.version) for opset in model.opset_import] == [("", 18)]
    assert [value.name for value in model.graph.input] == ["X"]
    assert model.ir_version <= 8  # what ONNX Runtime reads since 1.14
    assert to_onnx(fitted(*REGRESSORS["a number"]), str(path)) == onnx.load(Path(path))


def test_what_is_no_network_is_refused():
    with pytest.raises(InputError, match=r"got Pipeline; of a pipeline give its network, such as pipeline\[-1\]"):
        stack_of(make_pipeline(fitted(*CLASSIFIERS["several classes"])))


@pytest.mark.parametrize("export", [to_onnx, to_torch, stack_of])
def test_an_unfitted_network_is_refused(torch, export):
    with pytest.raises(NotFittedError):
        export(MLPRegressor())


THEIRS = {
    "two classes": (TheirClassifier, CLASSES > 0),
    "several classes": (TheirClassifier, np.array(list("abc"))[CLASSES]),
    "several labels": (TheirClassifier, LABELS),
    "a number": (TheirRegressor, NUMBERS),
    "several numbers": (TheirRegressor, np.stack([NUMBERS, X[:, 2]], axis=1)),
}


def theirs(task, activation="relu", dtype="float64"):
    kind, y = THEIRS[task]
    return fitted(kind(), y, dtype, activation=activation)


@pytest.mark.parametrize("activation", ["identity", "logistic", "tanh", "relu"])
@pytest.mark.parametrize("task", sorted(THEIRS))
def test_scikit_learns_networks_predict_the_same_as_ours(task, activation):
    model = theirs(task, activation)
    ours = from_sklearn(model)
    assert isinstance(ours, MLPClassifier if hasattr(model, "classes_") else MLPRegressor)
    if hasattr(model, "classes_"):
        np.testing.assert_array_equal(ours.predict(X), model.predict(X))
        np.testing.assert_allclose(ours.predict_proba(X), model.predict_proba(X), rtol=1e-12, atol=1e-15)
    else:
        np.testing.assert_allclose(ours.predict(X), model.predict(X), rtol=1e-12, atol=1e-14)
    assert ours.n_iter_ == model.n_iter_
    assert not np.shares_memory(ours.coefs_[0], model.coefs_[0])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("task", THEIRS)
def test_scikit_learns_networks_are_exported_too(torch, task, dtype):
    model = theirs(task, dtype=dtype)
    results = run_onnx(model, dtype)
    if hasattr(model, "classes_"):
        expected = model.predict_proba(X.astype(dtype))
        assert_same(results["probabilities"], expected, dtype)
        np.testing.assert_array_equal(results["label"], model.predict(X.astype(dtype)))
    else:
        expected = model.predict(X.astype(dtype))
        assert_same(results["variable"], expected, dtype)
    assert_same(run_torch(torch, model, dtype), expected, dtype)


def test_only_scikit_learns_networks_are_imported():
    with pytest.raises(InputError, match="MLPClassifier or MLPRegressor of scikit-learn"):
        from_sklearn(MLPRegressor())
    with pytest.raises(NotFittedError):
        from_sklearn(TheirRegressor())


@pytest.mark.parametrize("library", ["torch", "onnx"])
def test_a_missing_library_is_one_sentence(library, monkeypatch):
    model = fitted(*REGRESSORS["a number"])
    for name in [name for name in sys.modules if name.split(".")[0] == library or f"backends.{library}" in name]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    export = to_torch if library == "torch" else to_onnx
    with pytest.raises(ModuleNotFoundError, match=rf"pip install 'nonlin\[{library}\]'"):
        export(model)
