"""`python -m advisor` is `kadvisor`."""

import sys

from advisor.cli import main

sys.exit(main())
