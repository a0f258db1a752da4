"""The measured promises: `make bench`, or `python -m benchmarks --help`. Not part of the wheel."""
