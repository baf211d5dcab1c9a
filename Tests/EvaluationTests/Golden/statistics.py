"""Writes statistics.json: what SciPy says of small samples."""

import json
import sys

import numpy as np
from scipy import stats


def record(seed, n, slope, noise):
    rng = np.random.default_rng(seed)
    x = np.round(rng.uniform(18, 75, n), 3)
    y = np.round(slope * x + noise * rng.standard_normal(n), 3)
    r = stats.pearsonr(x, y)
    ri = r.confidence_interval(0.95)
    t = stats.ttest_rel(x, y)
    ti = t.confidence_interval(0.99)
    line = stats.linregress(x, y)
    quantile = stats.t.ppf(0.975, n - 2)
    d = x - y
    sd, z, q = d.std(ddof=1), stats.norm.ppf(0.975), stats.t.ppf(0.975, n - 1)
    return {
        "x": x.tolist(), "y": y.tolist(),
        "r": r.statistic, "p": r.pvalue, "interval": [ri.low, ri.high],
        "t": t.statistic, "pairedP": t.pvalue, "pairedInterval99": [ti.low, ti.high],
        "slope": line.slope, "intercept": line.intercept, "slopeP": line.pvalue,
        "slopeError": quantile * line.stderr, "interceptError": quantile * line.intercept_stderr,
        "bias": d.mean(), "limits": [d.mean() - z * sd, d.mean() + z * sd],
        "biasError": q * sd / np.sqrt(n), "limitError": q * sd * np.sqrt(1 / n + z**2 / (2 * (n - 1))),
    }


def holm(p):
    order, m = np.argsort(p), len(p)
    result = np.empty(m)
    result[order] = np.minimum(1, np.maximum.accumulate((m - np.arange(m)) * np.asarray(p)[order]))
    return result.tolist()


p = [0.029, 0.0004, 0.088, 0.06, 0.5, 0.011, 0.98, 0.0004, 0.04]
json.dump(
    {
        "samples": [record(1, 59, 0.8, 9), record(2, 7, 0.02, 20), record(3, 4, -1, 10), record(4, 31, 1, 0.01)],
        "p": p,
        "benjaminiHochberg": stats.false_discovery_control(p).tolist(),
        "holm": holm(p),
    },
    sys.stdout,
    indent=1,
)
print()
