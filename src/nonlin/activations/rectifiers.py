"""The relu and its relatives: what is done below a threshold, and above it."""

from math import inf

from ..definition import Parameter, activation
from ..definition.primitives import where
from .scaling import scaled

__all__ = [
    "identity", "leaky_relu", "prelu", "relu", "relu6", "relu_squared", "rrelu", "shifted_relu", "star_relu", "step",
    "threshold", "thresholded_relu",
]  # fmt: skip


@activation(
    aliases=("linear",),
    reference="Rosenblatt 1958, doi:10.1037/h0042519 (the weighted sum itself)",
    monotone=True,
    same_as={
        "torch": "nn.Identity",
        "jax": "nn.identity",
        "keras": "activations.linear",
        "flax": "nnx.identity",
        "onnx": "Identity",
        "huggingface": "linear",
        "timm": "identity",
        "sklearn": "identity",
    },
)
def identity(x):
    """x itself."""
    return x


@identity.derivative
def _(x):
    return 1


@activation(
    aliases=("heaviside", "binary_step"),
    reference="McCulloch & Pitts 1943, doi:10.1007/BF02478259",
    range=(0, 1),
    monotone=True,
    smoothness=-1,
    kinks=(0,),
    same_as={"numpy": "heaviside(x, 0)"},
)
def step(x):
    """1 where x is positive, else 0; its derivative is 0 everywhere, so it cannot learn by gradients."""
    return where(x > 0, 1, 0)


@step.derivative
def _(x):
    return 0


@activation(
    reference="Fukushima 1969, doi:10.1109/TSSC.1969.300225; Nair & Hinton 2010",
    range=(0, inf),
    monotone=True,
    smoothness=0,
    kinks=(0,),
    same_as={
        "torch": "nn.functional.relu",
        "jax": "nn.relu",
        "keras": "activations.relu",
        "tensorflow": "nn.relu",
        "flax": "nnx.relu",
        "onnx": "Relu",
        "huggingface": "relu",
        "timm": "relu",
        "sklearn": "relu",
    },
)
def relu(x):
    """x where it is positive, else 0. At 0 the derivative is 0, as in PyTorch."""
    return where(x < 0, 0, x)


@relu.derivative
def _(x):
    return where(x > 0, 1, 0)


@activation(
    aliases=("leakyrelu", "lrelu"),
    reference="Maas, Hannun & Ng 2013, Rectifier nonlinearities improve neural network acoustic models",
    monotone=True,
    smoothness=0,
    kinks=(0,),
    parameters={"negative_slope": Parameter(0.01, text="slope for negative x; 0.2 in TensorFlow, 0.3 in Keras layers")},
    same_as={
        "torch": "nn.functional.leaky_relu",
        "jax": "nn.leaky_relu",
        "keras": "activations.leaky_relu(x, 0.01)",
        "tensorflow": "nn.leaky_relu(x, 0.01)",
        "flax": "nnx.leaky_relu",
        "onnx": "LeakyRelu",
        "huggingface": "leaky_relu",
        "timm": "leaky_relu",
    },
)
def leaky_relu(x, *, negative_slope=0.01):
    """x where it is positive, else x times a small slope. At 0 the derivative is the slope, as in PyTorch."""
    return where(x > 0, x, scaled(x, negative_slope))


@leaky_relu.derivative
def _(x, *, negative_slope=0.01):
    return where(x > 0, 1, negative_slope)


@activation(
    aliases=("parametric_relu",),
    reference="He, Zhang, Ren & Sun 2015, arXiv:1502.01852",
    monotone=True,
    smoothness=0,
    kinks=(0,),
    parameters={
        "weight": Parameter(
            0.25,
            learnable=True,
            text="slope for negative x, trained: a number, or an array that broadcasts against x (for channels on axis "
            "1 of 4 of shape (channels, 1, 1)); Keras and flax begin with 0 and 0.01",
        )
    },
    same_as={
        "torch": "nn.functional.prelu",
        "keras": "layers.PReLU",
        "flax": "nnx.PReLU",
        "onnx": "PRelu",
        "huggingface": "prelu",
        "timm": "prelu",
    },
)
def prelu(x, *, weight=0.25):
    """x where it is positive, else x times a learned slope. At 0 the derivative is the slope, as in PyTorch."""
    return where(x > 0, x, scaled(x, weight))


@prelu.derivative
def _(x, *, weight=0.25):
    return where(x > 0, 1, weight)


@prelu.derivative(with_respect_to="weight")
def _(x, *, weight=0.25):
    return where(x > 0, 0, x)


@activation(
    aliases=("randomized_relu", "randomized_leaky_relu"),
    reference="Xu, Wang, Chen & Li 2015, arXiv:1505.00853",
    monotone=True,
    smoothness=0,
    kinks=(0,),
    parameters={
        "lower": Parameter(0.125, up_to="upper", text="slope for negative x where the sample is 0"),
        "upper": Parameter(1 / 3, text="slope for negative x where the sample is 1; not below lower"),
        "sample": Parameter(
            0.5,
            low=0,
            high=1,
            text="where between lower and upper the slope lies: 0.5 to evaluate, as PyTorch does, and in training "
            "uniform random numbers, rng.random(x.shape, x.dtype)",
        ),
    },
    same_as={"torch": "nn.functional.rrelu"},
)
def rrelu(x, *, lower=1 / 8, upper=1 / 3, sample=0.5):
    """x where it is positive, else x times a random slope. At 0 the derivative is the slope, as in PyTorch."""
    return where(x > 0, x, scaled(x, lower + (upper - lower) * sample))


@rrelu.derivative
def _(x, *, lower=1 / 8, upper=1 / 3, sample=0.5):
    return where(x > 0, 1, lower + (upper - lower) * sample)


@activation(
    aliases=("relu_6",),
    reference="Krizhevsky 2010, Convolutional deep belief networks on CIFAR-10; Howard et al. 2017, arXiv:1704.04861",
    range=(0, 6),
    monotone=True,
    smoothness=0,
    kinks=(0, 6),
    same_as={
        "torch": "nn.functional.relu6",
        "jax": "nn.relu6",
        "keras": "activations.relu6",
        "tensorflow": "nn.relu6",
        "flax": "nnx.relu6",
        "huggingface": "relu6",
        "timm": "relu6",
    },
)
def relu6(x):
    """x between 0 and 6, and the nearer of the two elsewhere. At both the derivative is 0, as in PyTorch."""
    return where(x < 0, 0, where(x > 6, 6, x))


@relu6.derivative
def _(x):
    return where(x <= 0, 0, where(x >= 6, 0, 1))


@activation(
    aliases=("relu2", "squared_relu", "relusquared", "squaredrelu"),
    reference="So et al. 2021 (Primer), arXiv:2109.08668",
    range=(0, inf),
    monotone=True,
    smoothness=1,
    kinks=(0,),
    same_as={"huggingface": "relu2"},
)
def relu_squared(x):
    """The square of the positive part of x."""
    return relu(x) ** 2


@relu_squared.derivative
def _(x):
    return 2 * relu(x)


@activation(
    aliases=("starrelu",),
    reference="Yu et al. 2022 (MetaFormer baselines), arXiv:2210.13452",
    range=(-0.4472, inf),
    monotone=True,
    smoothness=1,
    kinks=(0,),
    parameters={
        "scale": Parameter(
            0.8944,
            learnable=True,
            text="factor of the square; the defaults make mean 0 and variance 1 of standard normal input",
        ),
        "bias": Parameter(-0.4472, learnable=True, text="value for negative x"),
    },
    same_as={"timm": "models.metaformer.StarReLU, which begins with scale 1 and bias 0"},
)
def star_relu(x, *, scale=0.8944, bias=-0.4472):
    """scale times the square of the positive part of x, plus bias; both are learned."""
    return scale * relu(x) ** 2 + bias


@star_relu.kernel
def _(x, *, scale=0.8944, bias=-0.4472):
    # The square alone may overflow; scale 0 gives the bias at infinity too.
    return where(abs(scale) <= 0, 0, scale * relu(x) * relu(x)) + bias


@star_relu.derivative
def _(x, *, scale=0.8944, bias=-0.4472):
    return scaled(relu(x), 2 * scale)


@star_relu.derivative(with_respect_to="scale")
def _(x, *, scale=0.8944, bias=-0.4472):
    return relu(x) ** 2


@star_relu.derivative(with_respect_to="bias")
def _(x, *, scale=0.8944, bias=-0.4472):
    return 1


@activation(
    aliases=("shiftedrelu",),
    reference="Clevert, Unterthiner & Hochreiter 2015, arXiv:1511.07289",
    range=(-1, inf),
    monotone=True,
    smoothness=0,
    kinks=(-1,),
    same_as={"torch": "nn.functional.threshold(x, -1, -1)"},
)
def shifted_relu(x):
    """x, but at least -1. At -1 the derivative is 0, as of PyTorch's threshold."""
    return where(x < -1, -1, x)


@shifted_relu.derivative
def _(x):
    return where(x > -1, 1, 0)


@activation(
    aliases=("thresholdedrelu", "trec"),
    reference="Konda, Memisevic & Krueger 2014, arXiv:1402.3337",
    range=(0, inf),
    monotone=True,
    smoothness=-1,
    kinks=(1,),
    parameters={"alpha": Parameter(1.0, text="x up to here gives 0; theta in Keras' former layer")},
    same_as={"onnx": "ThresholdedRelu", "torch": "nn.functional.threshold(x, 1, 0)"},
)
def thresholded_relu(x, *, alpha=1.0):
    """x where it is larger than alpha, else 0. At alpha value and derivative are 0, as in PyTorch's threshold."""
    return where(x > alpha, x, 0)


@thresholded_relu.derivative
def _(x, *, alpha=1.0):
    return where(x > alpha, 1, 0)


@activation(
    reference="Collobert, Kavukcuoglu & Farabet 2011, Torch7: a Matlab-like environment for machine learning",
    range=(0, inf),
    monotone=True,
    smoothness=0,
    kinks=(0,),
    parameters={
        "threshold": Parameter(0.0, text="x up to here is replaced; PyTorch and Keras have no default"),
        "value": Parameter(0.0, text="what replaces it; PyTorch and Keras (default_value) have no default"),
    },
    same_as={"torch": "nn.functional.threshold", "keras": "activations.threshold"},
)
def threshold(x, *, threshold=0.0, value=0.0):
    """x where it is larger than the threshold, else a given value. At it the derivative is 0, as in PyTorch."""
    return where(x > threshold, x, value)


@threshold.derivative
def _(x, *, threshold=0.0, value=0.0):
    return where(x > threshold, 1, 0)
