"""The logarithm of the factorial, for the likelihoods of counts and of what lies between them.

Stirling's series, log(x!) = (x + 1/2) log(x) - x + log(2 pi) / 2 + J(x), is taken from 16 on, where eight terms of J
are right to 1e-21. Smaller numbers are moved there: t! = (t + 16)! / ((t + 1) ... (t + 16)), and everything is taken
relative to t = 0, so that nothing cancels where log(t!) is small.
"""

from ..definition.constants import INVERSE_SQRT_2PI
from ..definition.primitives import log, log1p, maximum, minimum, sqrt


def log_factorial_below_16(t):
    """log(t!) for 0 <= t <= 16, without cancellation near 0: J(x) - J(16) is (a - 1) times a slope, with a = 16 / x."""
    t = minimum(t, 16)
    x = 16 + t
    a = 16 / x
    slope = (2206880268172415754447589 + (a + a * a) * _series(a)) / 423776129268125843796787200
    return t * (log(x) - 1) + 33 * log1p(t / 16) / 2 - t / x * slope - log1p(_rise(t))


def log_factorial_rest(t):
    """What log(t!) has beyond t log(t) - t, for t >= 16."""
    t = maximum(t, 16)
    a = 16 / t
    series = a * (2206880268172415754447589 + (a * a - 1) * _series(a)) / 423776129268125843796787200
    return log(sqrt(t) / INVERSE_SQRT_2PI) + series


def _series(a):
    """A polynomial p with J(16 / a) = a (J(16) + (a^2 - 1) p), times the common denominator of the eight terms."""
    v = a * a
    p = 5145271872229 + v * (-45598758171 + v * (592325349 - v * 10861851))
    return -287071765739681994011 + v * (319814981431995109 + v * (-934550622819611 + v * p))


def _rise(t):
    """(t + 1) ... (t + 16) / 16! - 1, a polynomial of t (t + 17) since the factors pair up from both ends."""
    s = t * (t + 17)
    p = 415574928 + s * (6980608 + s * (71400 + s * (408 + s)))
    p = 4160840140800 + s * (341977178880 + s * (15357322368 + s * p))
    return s * p / 20922789888000
