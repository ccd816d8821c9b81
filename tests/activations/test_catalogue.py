"""Every function that the mainstream libraries offer is here, and says where else it is found."""

import pytest

import nonlin as nl

SYSTEMS = ("torch", "jax", "keras", "tensorflow", "onnx", "huggingface", "timm", "flax", "sklearn", "scipy")

# The union of the public lists of activations of torch 2.13.0, jax 0.10.2, keras 3.15.1, tensorflow 2.21.0 (tf.nn),
# onnx opset 28, transformers 5.23.0, timm 1.0.31, flax 0.12.8 (nnx), scikit-learn 1.9.1 and scipy 1.17.1 (special).
CATALOGUE = {
    "sigmoid": "torch jax keras tensorflow onnx huggingface timm flax sklearn scipy",
    "relu": "torch jax keras tensorflow onnx huggingface timm flax sklearn",
    "tanh": "torch jax keras tensorflow onnx huggingface timm flax sklearn",
    "gelu": "torch jax keras tensorflow onnx huggingface timm flax",
    "gelu_tanh": "torch jax keras tensorflow onnx huggingface timm flax",
    "identity": "torch jax keras onnx huggingface timm flax sklearn",
    "leaky_relu": "torch jax keras tensorflow onnx huggingface timm flax",
    "silu": "torch jax keras tensorflow onnx huggingface timm flax",
    "softmax": "torch jax keras tensorflow onnx flax sklearn scipy",
    "elu": "torch jax keras tensorflow onnx timm flax",
    "hardswish": "torch jax keras onnx huggingface timm flax",
    "log_softmax": "torch jax keras tensorflow onnx flax scipy",
    "relu6": "torch jax keras tensorflow huggingface timm flax",
    "selu": "torch jax keras tensorflow onnx timm flax",
    "softplus": "torch jax keras tensorflow onnx flax scipy",
    "celu": "torch jax keras onnx timm flax",
    "hardsigmoid": "torch jax keras onnx timm flax",
    "logsigmoid": "torch jax keras tensorflow flax scipy",
    "mish": "torch jax keras onnx huggingface timm",
    "prelu": "torch keras onnx huggingface timm flax",
    "softsign": "torch jax keras tensorflow onnx flax",
    "glu": "torch jax keras flax",
    "hardtanh": "torch jax keras flax",
    "exponential": "keras sklearn",
    "hardshrink": "torch keras",
    "quick_gelu": "huggingface timm",
    "softshrink": "torch keras",
    "sparse_plus": "jax keras",
    "sparse_sigmoid": "jax keras",
    "squareplus": "jax keras",
    "tanhshrink": "torch keras",
    "threshold": "torch keras",
    "crelu": "tensorflow",
    "gelu_clipped": "huggingface",
    "gumbel_softmax": "torch",
    "hard_mish": "timm",
    "hardmax": "onnx",
    "laplace": "huggingface",
    "relu2": "huggingface",
    "rrelu": "torch",
    "shrink": "onnx",
    "softmin": "torch",
    "sparsemax": "keras",
    "sqrtsoftplus": "huggingface",
    "swiglu": "onnx",
    "thresholded_relu": "onnx",
    "xielu": "huggingface",
}

# Found in a library, but not in its list of activations: a function of arrays, or a setting of another function.
ELSEWHERE = {
    "hardtanh": {"onnx", "tensorflow"},
    "exponential": {"onnx"},
    "hardshrink": {"onnx"},
    "softshrink": {"onnx"},
    "laplace": {"scipy"},
    "swiglu": {"huggingface"},
    "thresholded_relu": {"torch"},
}


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_function_names_the_libraries_that_have_it(name):
    named = nl.get(name).same_as.keys() & set(SYSTEMS)
    assert named == set(CATALOGUE[name].split()) | ELSEWHERE.get(name, set())


def test_no_library_is_spelled_in_two_ways():
    spelled = {library for name in nl.activations() for library in nl.get(name).same_as}
    others = {"numpy", "entmax", "diffusers", "rational-activations"}
    assert spelled <= {*SYSTEMS, *others}


def test_the_table_is_whole():
    assert len(CATALOGUE) == 47
    counts = {system: sum(system in row.split() for row in CATALOGUE.values()) for system in SYSTEMS}
    assert list(counts.values()) == [30, 25, 32, 16, 23, 18, 18, 22, 6, 5]


# How libraries and papers write the names of functions that are called otherwise here.
SPELLINGS = {
    "arctan": "atan",
    "celu": "CELU",
    "crelu": "CReLU",
    "dyt": "dynamic_tanh DynamicTanh",
    "elu": "ELU",
    "exponential": "exp",
    "geglu": "GEGLU",
    "geglu_tanh": "gated-gelu",
    "gelu": "gelu_python",
    "gelu_clipped": "gelu_10",
    "gelu_tanh": "gelu_new gelu_fast gelu_pytorch_tanh gelu_accurate GELUTanh",
    "glu": "GLU",
    "gumbel_softmax": "concrete",
    "hard_mish": "HardMish",
    "hardshrink": "Hardshrink hard_shrink",
    "hardsigmoid": "Hardsigmoid hard_sigmoid HardSigmoid",
    "hardswish": "Hardswish HardSwish hard_swish hard_silu",
    "hardtanh": "Hardtanh hard_tanh",
    "identity": "linear Identity",
    "leaky_relu": "LeakyReLU LeakyRelu",
    "log_softmax": "LogSoftmax",
    "logsigmoid": "log_sigmoid LogSigmoid log_expit",
    "maxout": "Maxout",
    "mish": "Mish",
    "pau": "rational PAU",
    "prelu": "PReLU PRelu",
    "quick_gelu": "QuickGELU",
    "reglu": "ReGLU",
    "relu6": "ReLU6",
    "relu_squared": "relu2 squared_relu",
    "rrelu": "RReLU",
    "selu": "SELU",
    "shrink": "Shrink",
    "sigmoid": "logistic expit",
    "silu": "swish SiLU",
    "sin": "sine",
    "snake": "Snake",
    "softmax": "Softmax",
    "softplus": "Softplus soft_plus",
    "softshrink": "Softshrink soft_shrink",
    "softsign": "soft_sign Softsign",
    "sqrtsoftplus": "sqrt_softplus",
    "star_relu": "StarReLU",
    "swiglu": "SwiGLU gated-silu",
    "tanhshrink": "Tanhshrink tanh_shrink",
    "threshold": "Threshold",
    "thresholded_relu": "ThresholdedRelu",
    "xielu": "XIELU",
}


@pytest.mark.parametrize("name", SPELLINGS)
def test_other_spellings_find_the_function(name):
    for spelling in SPELLINGS[name].split():
        assert nl.get(spelling) is nl.get(name)
