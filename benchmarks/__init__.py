"""What loanbook costs beside what people use today, in permanent scenarios; written to docs/benchmarks.md.

    python -m benchmarks                  every scenario
    python -m benchmarks decision read    some of them
    python -m benchmarks --quick          see that they run; the figures mean nothing and are not kept

To add one, write its file in `benchmarks/scenarios/` and its line in `benchmarks/scenarios/__init__.py`.
"""
