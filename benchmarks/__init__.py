"""What loanbook costs beside what people use today, in permanent scenarios; written to docs/benchmarks.md.

    python -m benchmarks                  every scenario
    python -m benchmarks decision read    some of them
    python -m benchmarks --quick          see that they run; the figures mean nothing and are not kept
    python -m benchmarks --full           the large sizes too: 5,000,000 rows through `loanbook predict`

To add one, write its file in `benchmarks/scenarios/` and its line in `benchmarks/scenarios/__init__.py`.
"""
