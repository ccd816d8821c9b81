import threading
import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_info, threadpool_limits

from nonlin.study.environment import convergence_warnings, reset_convergence_warnings, run_environment


def blas_threads():
    """The threads that each BLAS loaded would use, at least one, for `np.ones` @ loads NumPy's."""
    np.testing.assert_array_equal(np.ones((2, 2)) @ np.ones((2, 2)), np.full((2, 2), 2.0))
    threads = {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}
    assert threads
    return threads


def test_overlapping_runs_share_one_change_and_put_everything_back():
    inside, leave = threading.Event(), threading.Event()

    def hold():
        with run_environment():
            inside.set()
            leave.wait(10)

    with threadpool_limits(2, user_api="blas"):
        show, filters, before = warnings.showwarning, list(warnings.filters), blas_threads()
        other = threading.Thread(target=hold)
        with run_environment():
            assert blas_threads() == {1}
            other.start()
            inside.wait(10)
            with run_environment():
                pass
            leave.set()
            other.join()
            assert blas_threads() == {1}, "the outer one has not left"
            assert warnings.showwarning is not show
        assert blas_threads() == before
        assert warnings.showwarning is show
        assert list(warnings.filters) == filters


def test_each_thread_counts_its_own_convergence_warnings():
    counts = {}

    def warn(times):
        reset_convergence_warnings()
        for _ in range(times):
            warnings.warn("did not converge", ConvergenceWarning, stacklevel=1)
        counts[times] = convergence_warnings()

    with run_environment():
        threads = [threading.Thread(target=warn, args=(times,)) for times in (1, 2, 3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert counts == {1: 1, 2: 2, 3: 3}


def test_other_warnings_are_not_hidden():
    with pytest.warns(UserWarning, match="something else"), run_environment():
        warnings.warn("something else", stacklevel=1)
