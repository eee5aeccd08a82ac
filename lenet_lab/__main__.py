"""`python -m lenet_lab` is the command `lenet`, for places where that is not on the path."""

import sys

from .cli import main

sys.exit(main())
