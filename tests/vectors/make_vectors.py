#!/usr/bin/env python3
"""Writes stats.json: samples, and what numpy and scipy say about them. The Rust tests compare the project's statistics with it.

    python3 -m venv venv && venv/bin/pip install numpy==2.4.6 scipy==1.17.1
    venv/bin/python tests/vectors/make_vectors.py

Nothing here is a port of the Rust code: library functions where there are any, otherwise the definition by brute force.
"""
import itertools
import json
import pathlib
import sys

import numpy as np
import scipy
from scipy import stats as S

SEED = 20250611
rng = np.random.default_rng(SEED)


def samples():
    """Shapes of latency differences: symmetric, skewed, heavy-tailed, tied, and dependent in time."""
    yield "one", [4.25]
    yield "two", [3.0, -1.0]
    yield "seven", rng.normal(10, 3, 7)
    yield "forty", rng.normal(0, 1, 40)
    yield "47 skewed", rng.lognormal(1, 1, 47)
    yield "200 heavy", rng.standard_t(1.5, 200)
    yield "201 tied", np.round(rng.exponential(4, 201))
    yield "480 skewed", rng.lognormal(1.1, 0.8, 480)
    ar = np.zeros(480)
    for i in range(1, 480):
        ar[i] = 0.9 * ar[i - 1] + rng.normal()
    yield "480 dependent", 5 + ar
    drift = np.linspace(0, 6, 333)
    yield "333 drifting", drift + rng.normal(0, 0.5, 333)


def jackknife_se(d, blocks=20, cut=0.2):
    """Delete-one-block jackknife, by its definition."""
    full = S.trim_mean(d, cut)
    parts = np.array_split(np.arange(len(d)), blocks)
    pseudo = [blocks * full - (blocks - 1) * S.trim_mean(np.delete(d, part), cut) for part in parts]
    return S.sem(pseudo)


def describe(name, values):
    d = np.round(np.asarray(values, float), 3)
    qs = [0, 0.01, 0.05, 0.25, 1 / 3, 0.5, 0.9, 0.95, 0.99, 0.999, 1]
    out = {
        "name": name,
        "values": d.tolist(),
        "mean": float(np.mean(d)),
        "median": float(np.median(d)),
        "quantiles": [[q, float(np.quantile(d, q, method="linear"))] for q in qs],
        "trimmed": [[cut, float(S.trim_mean(d, cut))] for cut in (0, 0.1, 0.2, 0.25)],
        "location": None,
    }
    if len(d) >= 40:
        kept = len(d) - 2 * int(0.2 * len(d))
        lo, hi = S.mstats.trimmed_mean_ci(d, limits=(0.2, 0.2), alpha=0.10)
        out["location"] = {
            "yuen_interval90": [float(lo), float(hi)],
            "yuen_t": float(S.t.ppf(0.95, kept - 1)),
            "jackknife_se": float(jackknife_se(d)),
        }
    return out


def shares():
    for n in (1, 2, 10, 50, 100, 480, 12_345, 60_000, 1_000_000, 100_000_000):
        for k in sorted({0, 1, n // 100, n // 20, n // 3, n // 2, n - n // 50, n - 1, n} & set(range(n + 1))):
            for alpha in (0.05, 0.001):
                lo = 0.0 if k == 0 else float(S.beta.ppf(alpha, k, n - k + 1))
                hi = 1.0 if k == n else float(S.beta.isf(alpha, k + 1, n - k))
                if n <= 12_345:  # two roads to the same bound
                    a = S.binomtest(k, n, alternative="greater").proportion_ci(1 - alpha).low
                    b = S.binomtest(k, n, alternative="less").proportion_ci(1 - alpha).high
                    assert abs(a - lo) < 1e-9 and abs(b - hi) < 1e-9, (k, n, alpha, a, lo, b, hi)
                yield {"k": k, "n": n, "alpha": alpha, "lo": lo, "hi": hi}


def ranks():
    """Two samples and the deviate of their rank sum: 2 Phi(-|z|) is the two-sided p-value of the asymptotic test."""
    own = np.random.default_rng(SEED + 1)  # so that the samples above stay as they are
    pairs = [([4.0], [1.0, 2.0, 3.0]), ([1.0, 1.0, 2.0], [1.0, 2.0, 2.0, 3.0])]
    pairs += [(own.normal(shift, 1, n), own.normal(0, 1, m)) for n, m, shift in [(4, 476, 2.0), (25, 475, 0.3), (200, 100, -0.5)]]
    pairs.append((np.round(own.exponential(3, 60)), np.round(own.exponential(4, 90))))
    for a, b in pairs:
        a, b = [float(x) for x in a], [float(x) for x in b]
        test = S.mannwhitneyu(a, b, method="asymptotic", use_continuity=False)
        sign = np.sign(test.statistic - len(a) * len(b) / 2)
        yield {"a": a, "b": b, "z": float(sign * S.norm.isf(test.pvalue / 2))}


def settling():
    """The smallest n at which the same share would be clear, by stepping n one at a time."""
    for k, n, limit in [(0, 10, 0.05), (0, 20, 0.01), (1, 40, 0.1), (3, 480, 0.01), (20, 300, 0.05), (9, 100, 0.05), (5, 9, 0.5), (2, 10, 0.1)]:
        p = k / n
        m = n
        while True:
            hits = p * m
            hi = 1.0 if hits == m else S.beta.isf(0.05, hits + 1, m - hits)
            lo = 0.0 if hits == 0 else S.beta.ppf(0.001, hits, m - hits + 1)
            if hi <= limit or lo > limit:
                break
            m += 1
        yield {"k": k, "n": n, "limit": limit, "settles_at": m if m > n else None}


def kendall_variance(i, j, n):
    """Variance of the sum of the signs of the chosen pairs under no slope, from the covariance of every two pairs that share a point."""
    ends = np.zeros((len(i), n))
    ends[np.arange(len(i)), j] = 1
    ends[np.arange(len(i)), i] = -1
    shared = ends @ ends.T  # +1 / -1 where one point is shared, 2 on the diagonal
    np.fill_diagonal(shared, 3)
    return shared.sum() / 3


# The covariance of two signs that share a point is 1/3: all orders of three values.
assert np.isclose(np.mean([np.sign(b - a) * np.sign(c - a) for a, b, c in itertools.permutations(range(3))]), 1 / 3)


def theil(name, x, y, min_dx):
    x, y = np.round(x, 3), np.round(y, 3)
    n = len(x)
    i, j = np.triu_indices(n, 1)
    swap = x[i] > x[j]
    i, j = np.where(swap, j, i), np.where(swap, i, j)
    far = (x[j] - x[i] >= min_dx) & (x[j] > x[i])
    i, j = i[far], j[far]
    slopes = np.sort((y[j] - y[i]) / (x[j] - x[i]))
    pairs = len(slopes)
    variance = kendall_variance(i, j, n)
    if min_dx == 0:
        assert np.isclose(np.median(slopes), S.theilslopes(y, x).slope, rtol=1e-12)
        if pairs == n * (n - 1) // 2:
            assert np.isclose(variance, n * (n - 1) * (2 * n + 5) / 18)
    reach = S.norm.ppf(0.95) * np.sqrt(variance)
    lo, hi = int((pairs - reach) / 2), min(int((pairs + reach) / 2), pairs - 1)
    return {
        "name": name, "x": x.tolist(), "y": y.tolist(), "min_dx": min_dx, "pairs": pairs,
        "value": float(np.median(slopes)), "interval90": [float(slopes[lo]), float(slopes[hi])],
    }


def lines():
    x = rng.uniform(40, 1300, 12)
    yield theil("12 points", x, 0.01 * x + rng.normal(0, 2, 12), 0)
    x = rng.uniform(40, 1300, 61)
    yield theil("61 points, 5 % scale", x, 0.05 * x + rng.lognormal(1, 0.8, 61), 0)
    yield theil("61 points, 20 ms apart", x, 0.05 * x + rng.lognormal(1, 0.8, 61), 20)
    x = rng.choice([40.0, 70, 120, 200, 330, 500], 60)
    yield theil("grid of six delays", x, rng.standard_t(2, 60), 20)
    x = rng.choice([40.0, 70, 120, 200, 330, 500], 40)
    yield theil("ties in x", x, 0.02 * x + rng.normal(0, 1, 40), 0)


def counts():
    """Exact bounds on the mean of a Poisson count (Garwood), by the chi-squared distribution."""
    for k in [0, 1, 2, 3, 8, 11, 40, 137, 1000, 25000]:
        for alpha in [0.05, 0.001]:
            lo = 0.0 if k == 0 else S.chi2.ppf(alpha, 2 * k) / 2
            yield {"k": k, "alpha": alpha, "lo": float(lo), "hi": float(S.chi2.isf(alpha, 2 * k + 2) / 2)}


def medians():
    """Which order statistics hold the median in at least 95 % of samples: the largest l with P(X < l) <= 2.5 %, X binomial."""
    for n in [5, 6, 7, 10, 29, 30, 31, 150, 1000, 5000]:
        yield {"n": n, "low": max((l for l in range(n // 2 + 1) if l == 0 or S.binom.cdf(l - 1, n, 0.5) <= 0.025))}


def differences():
    """Percentile bootstrap of the ratio of two medians over whole rounds, with many more draws than the product makes; widened for few
    rounds by t over z at Welch's degrees of freedom and by the root of n / (n - 1).

    Its own generator, so that what was written before stays as it was."""
    own = np.random.default_rng(SEED + 1)
    for name, shapes, shift in [("5 and 5 rounds", (5, 5), 1.0), ("12 and 9 rounds, 4 % apart", (12, 9), 1.04), ("3 and 20 rounds", (3, 20), 1.0)]:
        make = lambda many, by: [np.round(by * own.normal(1, 0.02) * own.lognormal(3, 0.1, 30), 4) for _ in range(many)]
        a, b = make(shapes[0], shift), make(shapes[1], 1.0)
        draw = lambda rounds: np.median(np.concatenate([rounds[i] for i in own.integers(0, len(rounds), len(rounds))]))
        ratios = np.array([draw(a) / draw(b) for _ in range(200_000)])
        q = np.quantile(ratios, [0.025, 0.975, 0.001, 0.999])
        n, m = shapes
        df = (1 / n + 1 / m) ** 2 / (n**-2 / (n - 1) + m**-2 / (m - 1))
        value = float(np.median(np.concatenate(a)) / np.median(np.concatenate(b)))
        by = [S.t.ppf(p, df) / S.norm.ppf(p) * np.sqrt(min(shapes) / (min(shapes) - 1)) for p in [0.975, 0.975, 0.999, 0.999]]
        q = value + np.array(by) * (q - value)
        yield {"name": name, "a": [r.tolist() for r in a], "b": [r.tolist() for r in b], "value": value,
               "interval95": q[:2].tolist(), "interval998": q[2:].tolist()}


def wilsons():
    """Wilson's interval from its definition: the shares whose score test does not reject what was seen, found by bisection."""
    from scipy.optimize import brentq

    for k, n in [(0, 100), (0, 381), (1, 100), (8, 400), (26, 400), (5, 10), (10, 10), (100, 100), (3, 100000)]:
        for level in [0.95, 0.998]:
            z = S.norm.ppf(0.5 + level / 2)
            p = k / n
            score = lambda share: (p - share) ** 2 - z * z * share * (1 - share) / n
            lo = 0.0 if k == 0 else brentq(score, 0.0, p - 1e-9, xtol=1e-15, rtol=1e-14)
            hi = 1.0 if k == n else brentq(score, p + 1e-9, 1.0, xtol=1e-15, rtol=1e-14)
            yield {"k": k, "n": n, "z": float(z), "lo": float(lo), "hi": float(hi)}


def newcombes():
    """The first examples of Newcombe (1998), table II, method 10: (56/70, 48/80), (9/10, 3/10), (5/56, 0/29)."""
    for a, b, lo, hi in [((56, 70), (48, 80), 0.0524, 0.3339), ((9, 10), (3, 10), 0.1705, 0.8090), ((5, 56), (0, 29), -0.0381, 0.1926)]:
        yield {"a": a, "b": b, "lo": lo, "hi": hi}


def orders():
    """Order statistics that hold a quantile in at least 95 % of samples, by the binomial distribution; places from 1."""
    for q in [0.1, 0.5, 0.95]:
        for n in [6, 20, 59, 71, 72, 100, 400, 2000]:
            b = S.binom(n, q)
            low = max((l for l in range(n + 1) if l == 0 or b.cdf(l - 1) <= 0.025))
            highs = [u for u in range(1, n + 1) if b.cdf(u - 1) >= 0.975]
            yield {"q": q, "n": n, "low": low, "high": min(highs) if highs else 0}


document = {
    "made_with": {"python": sys.version.split()[0], "numpy": np.__version__, "scipy": scipy.__version__, "seed": SEED},
    "t19": {"0.95": float(S.t.ppf(0.95, 19)), "0.999": float(S.t.ppf(0.999, 19))},
    "samples": [describe(name, values) for name, values in samples()],
    "ranks": list(ranks()),
    "shares": list(shares()),
    "settling": list(settling()),
    "lines": list(lines()),
    "counts": list(counts()),
    "medians": list(medians()),
    "differences": list(differences()),
    "wilsons": list(wilsons()),
    "newcombes": list(newcombes()),
    "orders": list(orders()),
}
target = pathlib.Path(__file__).with_name("stats.json")
target.write_text(json.dumps(document, separators=(",", ":")).replace('{"', '\n{"') + "\n")
print(target, document["made_with"])
