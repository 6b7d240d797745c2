"""Coverage-guided fuzzing of everything that reads what others wrote.

    pip install -e '.[fuzz]'                             # atheris; the tests do not need it
    python -m tests.fuzz --list                          # the targets
    python -m tests.fuzz log -max_total_time=600         # libFuzzer's options follow the target

A target turns bytes into calls of public functions and lets pass only the exceptions that those document; everything
else, an answer that breaks a promise included, is a finding.  Seeds come from the project's own logs, incidents and
knowledge files (`seeds.py`); they and what the fuzzer finds are kept in `.fuzz/TARGET` (or the folders named after the
options), inputs that fail beside them.  Once a minute a run tells executions, refused inputs, the slowest input and
the memory.
`tests/test_fuzz_targets.py` runs every target over its seeds and some mutated ones, without atheris.
"""
