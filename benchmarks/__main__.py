"""Run with ``python -m benchmarks`` inside the project's environment."""

import sys

from benchmarks import main

sys.exit(main(sys.argv[1:]))
