"""What the tests of losses share."""

import numpy as np
import pytest


@pytest.fixture
def against_torch(torch):
    """A function that holds values and gradients of a loss to a PyTorch function's, with every reduction."""

    def check(loss, function, *arrays, by=0, options=None, **theirs):
        for reduction in ("mean", "sum", "none"):
            tensors = [torch.tensor(x) for x in arrays]
            tensors[by].requires_grad_()
            expected = function(*tensors, reduction=reduction, **theirs)
            (gradient,) = torch.autograd.grad(expected.sum(), tensors[by])
            ours = {"reduction": reduction, **(theirs if options is None else options)}
            np.testing.assert_allclose(loss(*arrays, **ours), expected.detach(), rtol=1e-12)
            got = loss.gradient(*arrays, with_respect_to=loss.inputs[by], **ours)
            np.testing.assert_allclose(got, gradient, rtol=1e-12, atol=1e-15)

    return check
