"""Statistics of a small cohort by SciPy, for CohortStatisticsTests: python cohort.py > cohort.json

Two regions in seven subjects by a reference and two accelerated scans, and their true values, made by a fixed
generator and rounded to 0.1 ppb so that the numbers stand in the file exactly.
"""
import json

import numpy as np
from scipy import stats

rng = np.random.default_rng(59)
ages = [18, 27.5, 36, 44, 51, 63, 75]
cells, regions = ["reference", "af3", "af5"], ["Pu", "RN"]
truth = {
    "Pu": np.round(0.055 + 5.5e-4 * (np.array(ages) - 44) + 0.011 * rng.standard_normal(7), 4),
    "RN": np.round(0.100 + 6.0e-4 * (np.array(ages) - 44) + 0.022 * rng.standard_normal(7), 4),
}
errors = {"reference": (0.002, 0.003), "af3": (0.001, 0.004), "af5": (-0.012, 0.009)}
values = {
    cell: {region: np.round(truth[region] + bias + deviation * rng.standard_normal(7), 4) for region in regions}
    for cell, (bias, deviation) in errors.items()
}


def holm(p):
    p = np.asarray(p)
    order = np.argsort(p, kind="stable")
    raised = np.maximum.accumulate((len(p) - np.arange(len(p))) * p[order])
    result = np.empty_like(p)
    result[order] = np.minimum(1, raised)
    return result.tolist()


def agreement(x, y):
    r = stats.pearsonr(x, y)
    interval = r.confidence_interval(0.95)
    t = stats.ttest_rel(x, y)
    d = x - y
    return {
        "percent": 100 * (x.mean() - y.mean()) / abs(y.mean()), "r": r.statistic, "rLower": interval.low,
        "rUpper": interval.high, "t": t.statistic, "p": t.pvalue, "bias": d.mean(),
        "lower": d.mean() - stats.norm.ppf(0.975) * d.std(ddof=1), "upper": d.mean() + stats.norm.ppf(0.975) * d.std(ddof=1),
    }


agreements = [
    {"region": region, "cell": cell, **agreement(values[cell][region], values["reference"][region])}
    for region in regions for cell in cells[1:]
]
for entry, p in zip(agreements, holm([a["p"] for a in agreements])):
    entry["pHolm"] = p
aging = []
for cell in cells:
    lines = [stats.linregress(ages, values[cell][region]) for region in regions]
    for region, line, p in zip(regions, lines, holm([line.pvalue for line in lines])):
        x = values[cell][region]
        aging.append({"region": region, "cell": cell, "mean": x.mean(), "sd": x.std(ddof=1), "r": line.rvalue,
                      "p": line.pvalue, "slope": line.slope, "pHolm": p})
errors_of_truth = [
    {"region": region, "cell": cell, "bias": (values[cell][region] - truth[region]).mean(),
     "rms": float(np.sqrt(np.mean((values[cell][region] - truth[region]) ** 2))),
     "r": stats.pearsonr(values[cell][region], truth[region]).statistic}
    for region in regions for cell in cells
]
pooled = []
for cell in cells[1:]:
    x = np.concatenate([values[cell][region] for region in regions])
    y = np.concatenate([values["reference"][region] for region in regions])
    pooled.append({"cell": cell, "r": stats.pearsonr(x, y).statistic, "bias": (x - y).mean()})
print(json.dumps({
    "ages": ages, "cells": cells, "regions": regions,
    "values": {cell: {region: values[cell][region].tolist() for region in regions} for cell in cells},
    "truth": {region: truth[region].tolist() for region in regions},
    "agreements": agreements, "aging": aging, "truthErrors": errors_of_truth, "pooled": pooled,
}, indent=1))
