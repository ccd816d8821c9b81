import numpy as np
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.neural_network import MLPRegressor as ScikitLearns
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from nonlin.nn import MLPClassifier, MLPRegressor
from nonlin.visualization import estimator_settings


def test_a_network_in_a_pipeline_is_described_whole_but_for_what_is_compared():
    network = MLPClassifier((64, 32), "tanh", batch_size=32, max_iter=36, n_iter_no_change=np.inf, beta_1=0.8)
    settings = estimator_settings(make_pipeline(MinMaxScaler((0, 2)), network), "mlpclassifier__activation")
    assert settings == {
        "prepared by": "MinMaxScaler(feature_range=(0, 2))",
        "model": "MLPClassifier",
        "hidden layers": "64, 32",
        "loss": "cross_entropy",
        "solver": "adam, learning rate 0.001, L2 penalty 0.0001",
        "batch": "32 examples",
        "epochs": "36",
        "further settings": "beta_1=0.8",
    }


def test_a_network_inside_a_wrapper_is_found():
    wrapped = TransformedTargetRegressor(
        MLPRegressor(hidden_layer_sizes=8, solver="sgd", early_stopping=True), transformer=StandardScaler()
    )
    settings = estimator_settings(make_pipeline(MinMaxScaler(), wrapped), "x__regressor__activation")
    assert settings["prepared by"] == "MinMaxScaler(), StandardScaler()"
    assert settings["hidden layers"] == "8"
    assert settings["loss"] == "squared_error"
    assert settings["solver"] == "sgd, learning rate 0.001 (constant), L2 penalty 0.0001"
    assert settings["epochs"].startswith("at most 200; fewer where the score on 10 % of the training examples")


def test_early_stopping_says_what_it_watches():
    watching = MLPClassifier(early_stopping=True, scoring="loss", validation_fraction=0.15, tol=0.001)
    assert estimator_settings(watching)["epochs"] == (
        "at most 200; fewer where the loss on 15 % of the training examples, held back, improves by less than 0.001 "
        "for 10 epochs"
    )
    assert "further settings" not in estimator_settings(watching)


def test_what_is_compared_is_left_out_whatever_it_is():
    assert "loss" not in estimator_settings(MLPClassifier(), "loss")
    rates = estimator_settings(MLPClassifier(solver="sgd"), "learning_rate_init")
    assert rates["solver"] == "solver='sgd', learning_rate='constant', alpha=0.0001"
    assert estimator_settings(LogisticRegression(C=2.0, l1_ratio=0.5), "C") == {
        "model": "LogisticRegression(l1_ratio=0.5)"
    }


def test_scikit_learns_networks_are_described_too():
    settings = estimator_settings(ScikitLearns(hidden_layer_sizes=(5,), learning_rate_init=0.01))
    assert settings["hidden layers"] == "5"
    assert settings["solver"] == "adam, learning rate 0.01, L2 penalty 0.0001"
    assert settings["batch"] == "the smaller of 200 and all examples"
