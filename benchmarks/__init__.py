"""One script a headline claim: `python benchmarks/NAME.py [--quick]`; `make bench` runs them all."""
