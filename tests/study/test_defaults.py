"""What an estimator prefers in comparisons: networks train in float32 unless their user says otherwise."""

import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

import nonlin as nl
from nonlin.nn import MLPClassifier
from nonlin.study.defaults import with_comparison_defaults


def test_networks_in_pipelines_are_trained_in_float32_and_the_users_own_is_left_alone():
    network = MLPClassifier()
    prepared = with_comparison_defaults(make_pipeline(StandardScaler(), network))
    assert prepared.get_params()["mlpclassifier__dtype"] == "float32"
    assert network.dtype is None


def test_a_number_format_that_is_set_stays():
    assert with_comparison_defaults(MLPClassifier(dtype="float64")).dtype == "float64"


def test_other_estimators_are_as_they_were():
    assert with_comparison_defaults(DecisionTreeClassifier(max_depth=3)).get_params()["max_depth"] == 3


class Recording(MLPClassifier):
    formats: list[str] = []  # noqa: RUF012

    def fit(self, X, y, **options):
        super().fit(X, y, **options)
        self.formats.append(self.coefs_[0].dtype.name)
        return self


def test_compare_trains_float64_data_in_float32():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((60, 3)), np.arange(60) % 2
    settings = {"hidden_layer_sizes": (4,), "max_iter": 2, "n_iter_no_change": np.inf}
    nl.compare(Recording(**settings), X, y, values=["relu", "tanh"], repeats=1, folds=2)
    assert set(Recording.formats) == {"float32"}
