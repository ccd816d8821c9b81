"""Wide layers go through BLAS in one thread: the same bits however many threads it has."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from nonlin.nn import MLPClassifier, products
from nonlin.nn.blas_threads import one_blas_thread

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
WIDE = (515, 370)  # narrower products are the same bits in OpenBLAS' two threads
X = np.random.default_rng(0).standard_normal((300, 130)).astype(np.float32)
y = np.arange(300) % 3


def blas_threads(epoch=None):
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


def trained(threads, hidden=WIDE, callbacks=None):
    with threadpool_limits(threads, "blas"):
        model = MLPClassifier(hidden, max_iter=2, batch_size=100, random_state=0).fit(X, y, callbacks=callbacks)
        assert blas_threads() == {threads}
    return model.coefs_


@pytest.fixture
def everything_in_blas(monkeypatch):
    monkeypatch.setattr(products, "BLAS_ABOVE", dict.fromkeys(products.BLAS_ABOVE, 0))


@pytest.mark.usefixtures("everything_in_blas")
def test_the_number_of_threads_changes_no_bit():
    for one, two in zip(trained(1), trained(2), strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.usefixtures("everything_in_blas")
def test_blas_has_one_thread_in_training_and_its_own_after_it():
    met = []
    trained(2, callbacks=[lambda epoch: met.append(blas_threads())])
    assert met == [{1}, {1}]


def test_narrow_networks_leave_blas_alone():
    met = []
    trained(2, (8,), [lambda epoch: met.append(blas_threads())])
    assert met == [{2}, {2}]


def test_of_several_at_once_the_last_puts_back_what_was():
    with threadpool_limits(2, "blas"):
        with one_blas_thread(), one_blas_thread():
            assert blas_threads() == {1}
        assert blas_threads() == {2}
        with ThreadPoolExecutor(4) as pool, one_blas_thread():
            assert all(pool.map(_inside, range(8)))
        assert blas_threads() == {2}


def _inside(number):
    with one_blas_thread():
        return blas_threads() == {1}
