"""Every loss that the mainstream libraries offer is here, or it is said why not."""

import pytest

import nonlin as nl

SYSTEMS = ("torch", "keras", "optax", "tensorflow", "sklearn", "timm", "onnx")

# The union of the losses of torch 2.13.0, keras 3.15.1, optax 0.2.8, tensorflow 2.21.0 (tf.nn), scikit-learn 1.9.1,
# timm 1.0.31 and onnx opset 28: who has it, and what it is called here.
CATALOGUE = {
    "BCEWithLogits": ("torch keras optax tensorflow sklearn timm", "binary_cross_entropy"),
    "SparseCE": ("torch keras optax tensorflow sklearn onnx", "cross_entropy"),
    "CategoricalCE": ("torch keras optax tensorflow timm", "cross_entropy"),
    "CTC": ("torch keras optax tensorflow", "ctc"),
    "Huber": ("torch keras optax sklearn", "huber"),
    "LabelSmoothing": ("torch keras optax timm", "cross_entropy(label_smoothing)"),
    "MSE": ("torch keras optax sklearn", "mse"),
    "PoissonNLL": ("torch keras tensorflow sklearn", "poisson_nll"),
    "BCE": ("torch keras sklearn", "binary_cross_entropy_from_probabilities"),
    "HalfSquared": ("optax tensorflow sklearn", "half_squared"),
    "Hinge": ("keras optax sklearn", "hinge"),
    "KLDiv": ("torch keras optax", "kl_divergence"),
    "MAE": ("torch keras sklearn", "mae"),
    "BinaryFocal": ("keras optax", "binary_focal"),
    "CosineSimilarity": ("keras optax", "cosine_similarity"),
    "Dice": ("keras optax", "dice"),
    "LogCosh": ("keras optax", "log_cosh"),
    "MAPE": ("keras sklearn", "mape"),
    "MSLE": ("keras sklearn", "msle"),
    "NLL": ("torch onnx", "nll"),
    "Perceptron": ("optax sklearn", "perceptron"),
    "PolyLoss": ("optax timm", "poly"),
    "SquaredHinge": ("keras sklearn", "squared_hinge"),
    "TripletMargin": ("torch optax", "triplet"),
    "AsymmetricMultiLabel": ("timm", "asymmetric"),
    "AsymmetricSingleLabel": ("timm", "asymmetric_single_label"),
    "Brier": ("sklearn", "brier"),
    "CategoricalFocal": ("keras", "focal"),
    "CategoricalHinge": ("keras", "categorical_hinge"),
    "Circle": ("keras", "circle"),
    "ConvexKL": ("optax", "generalized_kl_divergence"),
    "CosineEmbedding": ("torch", "cosine_embedding"),
    "DiceBinary": ("optax", "dice"),
    "EpsilonInsensitive": ("sklearn", "epsilon_insensitive"),
    "Exponential": ("sklearn", "exponential"),
    "Gamma": ("sklearn", "gamma"),
    "GaussianNLL": ("torch", "gaussian_nll"),
    "GeneralizedCE": ("keras", "generalized_cross_entropy"),
    "GeneralizedKL": ("optax", "generalized_kl_divergence"),
    "HingeEmbedding": ("torch", "hinge_embedding"),
    "JSD": ("timm", "js_divergence"),
    "LinearCrossEntropy": ("torch", "linear_cross_entropy"),
    "MarginRanking": ("torch", "margin_ranking"),
    "MaxError": ("sklearn", "max_error"),
    "MedianAE": ("sklearn", "median_absolute_error"),
    "ModifiedHuber": ("sklearn", "modified_huber"),
    "MultiLabelMargin": ("torch", "multilabel_margin"),
    "MultiLabelSoftMargin": ("torch", "multilabel_soft_margin"),
    "MultiMargin": ("torch", "multi_margin"),
    "MulticlassHinge": ("optax", "crammer_singer"),
    "MulticlassPerceptron": ("optax", "multiclass_perceptron"),
    "MulticlassSparsemaxLoss": ("optax", "sparsemax_loss"),
    "NTXent": ("optax", "info_nce"),
    "Pinball": ("sklearn", "pinball(quantile)"),
    "PolyBCE": ("timm", "binary_poly"),
    "RMSE": ("sklearn", "rmse"),
    "RMSLE": ("sklearn", "rmsle"),
    "SafeCategoricalCE": ("optax", "cross_entropy"),
    "SmoothL1": ("torch", "smooth_l1"),
    "SoftMargin": ("torch", "soft_margin"),
    "SparsemaxLoss": ("optax", "binary_sparsemax"),
    "SquaredEpsilonInsensitive": ("sklearn", "squared_epsilon_insensitive"),
    "Tversky": ("keras", "tversky(alpha, beta)"),
    "Tweedie": ("sklearn", "tweedie(power)"),
    "WeightedBCE": ("tensorflow", "binary_cross_entropy(pos_weight)"),
    "ZLPR": ("timm", "zlpr"),
    "ZeroOne": ("sklearn", "zero_one"),
}

# Of these there is none.
LEFT_OUT = {
    "AdaptiveSoftmax": ("torch", "a layer with weights of its own, not a function of predictions and targets"),
    "DistributionBalanced": ("timm", "is made for one data set, from the counts of its classes"),
    "FenchelYoung": ("optax", "makes a loss of a function; of its losses sparsemax's, entmax's and softmax's are here"),
    "GeneralizedDice": ("optax", "dice along an axis, a class a row; its weights are those of each batch's volumes"),
    "Hamming": ("sklearn", "a metric of decisions, constant but for jumps: zero_one of each label"),
    "LabelRanking": ("sklearn", "a metric of orders, constant but for jumps; zlpr ranks labels and has a gradient"),
    "NCE": ("tensorflow", "draws classes at random with a sampler of its own"),
    "RankingSoftmax": (
        "optax",
        "cross_entropy of relevances divided by their sum, which is the sample_weight",
    ),
    "SampledSoftmax": ("tensorflow", "draws classes at random with a sampler of its own"),
    "TripletMarginWithDistance": ("torch", "takes a distance as a function; triplet is that of Euclidean ones"),
    "TwoWay": ("timm", "compares every label with those of all other examples of a batch"),
}


def test_the_table_is_whole():
    rows = [systems.split() for systems, _ in (*CATALOGUE.values(), *LEFT_OUT.values())]
    assert len(rows) == 78
    assert not CATALOGUE.keys() & LEFT_OUT.keys()
    counts = {system: sum(system in row for row in rows) for system in SYSTEMS}
    assert list(counts.values()) == [25, 24, 29, 9, 28, 11, 2]


@pytest.mark.parametrize("row", CATALOGUE)
def test_a_row_of_the_table_is_a_loss(row):
    name, _, arguments = CATALOGUE[row][1].removesuffix(")").partition("(")
    loss = nl.get_loss(name)
    assert loss.name == name
    assert set(filter(None, arguments.split(", "))) <= {*loss.parameters, *loss.inputs}


# A loss without a name in one of the libraries of its row: they have it with another scale, or inside an estimator.
UNLIKE = {
    "gamma": "scikit-learn's HalfGammaLoss takes the logarithm of the prediction",
    "tweedie": "scikit-learn's HalfTweedieLoss takes the logarithm of the prediction",
    "js_divergence": "timm's is a cross-entropy with a divergence between augmented views added",
}


@pytest.mark.parametrize("name", sorted({name.partition("(")[0] for _, name in CATALOGUE.values()} - UNLIKE.keys()))
def test_a_loss_names_a_library_of_its_row(name):
    systems = {s for row, known in CATALOGUE.values() if known.partition("(")[0] == name for s in row.split()}
    assert systems & nl.get_loss(name).same_as.keys()


def test_no_library_is_spelled_in_two_ways():
    spelled = {library for name in nl.losses() for library in nl.get_loss(name).same_as}
    assert spelled <= {*SYSTEMS, "jax", "scipy", "entmax", "torchvision", "torchmetrics", "pytorch_metric_learning"}


# How libraries and papers write the names of losses that are called otherwise here: functions and classes.
SPELLINGS = {
    "asymmetric": "AsymmetricLossMultiLabel ASL",
    "asymmetric_single_label": "AsymmetricLossSingleLabel",
    "binary_cross_entropy": "BCEWithLogitsLoss binary_cross_entropy_with_logits sigmoid_binary_cross_entropy "
    "sigmoid_cross_entropy_with_logits weighted_cross_entropy_with_logits",
    "binary_cross_entropy_from_probabilities": "BCELoss binary_crossentropy BinaryCrossentropy",
    "binary_focal": "sigmoid_focal_loss",
    "binary_focal_from_probabilities": "binary_focal_crossentropy BinaryFocalCrossentropy",
    "brier": "brier_score_loss",
    "categorical_hinge": "CategoricalHinge",
    "circle": "circle_loss",
    "cosine_embedding": "cosine_embedding_loss CosineEmbeddingLoss",
    "cosine_similarity": "CosineSimilarity",
    "crammer_singer": "multiclass_hinge_loss",
    "cross_entropy": "CrossEntropyLoss softmax_cross_entropy softmax_cross_entropy_with_integer_labels "
    "safe_softmax_cross_entropy multiclass_logistic_loss LabelSmoothingCrossEntropy SoftTargetCrossEntropy",
    "cross_entropy_from_probabilities": "categorical_crossentropy CategoricalCrossentropy "
    "sparse_categorical_crossentropy SparseCategoricalCrossentropy log_loss",
    "ctc": "ctc_loss CTCLoss",
    "dice": "dice_loss",
    "epsilon_insensitive": "epsilon_insensitive_loss",
    "focal": "focal_loss",
    "gaussian_nll": "gaussian_nll_loss GaussianNLLLoss",
    "generalized_cross_entropy": "CategoricalGeneralizedCrossEntropy",
    "generalized_kl_divergence": "convex_kl_divergence",
    "half_squared": "l2_loss HalfSquaredError",
    "hinge": "hinge_loss",
    "hinge_embedding": "hinge_embedding_loss HingeEmbeddingLoss",
    "huber": "huber_loss HuberLoss",
    "info_nce": "InfoNCE nt_xent ntxent",
    "js_divergence": "JSD jensen_shannon_divergence",
    "kl_divergence": "KLDivergence",
    "kl_divergence_from_log_probabilities": "kl_div KLDivLoss",
    "linear_cross_entropy": "LinearCrossEntropyLoss",
    "log_cosh": "LogCosh logcosh",
    "mae": "l1_loss L1Loss mean_absolute_error MeanAbsoluteError",
    "mape": "mean_absolute_percentage_error MeanAbsolutePercentageError",
    "margin_ranking": "margin_ranking_loss MarginRankingLoss",
    "median_absolute_error": "MedianAbsoluteError",
    "modified_huber": "modified_huber_loss",
    "mse": "mse_loss MSELoss mean_squared_error MeanSquaredError squared_error",
    "msle": "mean_squared_log_error mean_squared_logarithmic_error MeanSquaredLogarithmicError",
    "multi_margin": "multi_margin_loss MultiMarginLoss",
    "multiclass_perceptron": "multiclass_perceptron_loss",
    "multilabel_margin": "multilabel_margin_loss MultiLabelMarginLoss",
    "multilabel_soft_margin": "multilabel_soft_margin_loss MultiLabelSoftMarginLoss",
    "nll": "nll_loss NLLLoss",
    "perceptron": "perceptron_loss",
    "pinball": "quantile_loss mean_pinball_loss",
    "poisson_nll": "poisson_nll_loss PoissonNLLLoss Poisson",
    "poly": "poly_loss_cross_entropy",
    "rmse": "root_mean_squared_error RootMeanSquaredError",
    "rmsle": "root_mean_squared_log_error",
    "smooth_l1": "smooth_l1_loss SmoothL1Loss",
    "soft_margin": "soft_margin_loss SoftMarginLoss",
    "binary_sparsemax": "binary_sparsemax_loss",
    "sparsemax_loss": "multiclass_sparsemax_loss",
    "squared_hinge": "squared_hinge_loss",
    "triplet": "triplet_margin_loss TripletMarginLoss",
    "tversky": "tversky_loss",
    "zero_one": "zero_one_loss",
    "zlpr": "ZLPRLoss",
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_other_spellings_find_the_loss(name):
    for spelling in SPELLINGS[name].split():
        assert nl.get_loss(spelling).name == name


def test_a_loss_is_found_by_its_name_in_a_library():
    """The last part of the dotted name, unless it is that of a loss with another scale, or an estimator's option."""
    for name in nl.losses():
        for library, spelling in nl.get_loss(name).same_as.items():
            if library in ("torch", "optax"):
                last = spelling.split(" ")[0].split("(")[0].rpartition(".")[2]
                assert last in OTHER_FORMS.get(name, ()) or nl.get_loss(last).name == name, (name, spelling)


# A library's name that here means another form of the loss, whose options make it this one.
OTHER_FORMS = {
    "binary_cross_entropy_from_probabilities": ("binary_cross_entropy",),
    "binary_sparsemax": ("sparsemax_loss",),
    "kl_divergence_from_log_probabilities": ("kl_divergence",),
    "kl_divergence_with_log_targets": ("kl_div",),
}
