"""Speed and memory against rg and an empty Python process.  Run `python -m tests.benchmarks`; pytest leaves it out."""
