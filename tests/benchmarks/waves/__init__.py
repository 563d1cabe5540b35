"""Wave detection measured: beside its peers on real reports, on injected waves, and what it costs.

    python -m tests.benchmarks.waves.evaluation   beside its peers (writes docs/waves.md, about fifteen minutes)
    python -m tests.benchmarks.waves.injection    waves injected into a year of hours (about fifteen minutes)
    python -m tests.benchmarks.waves.cost         time per report, size of the state

The reports are not part of the project; the first two look for them in ../shared/data.
"""
