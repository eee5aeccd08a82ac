"""`python -m lenet_lab` is the command `lenet`, for systems on which `lenet` is not on the PATH."""

import sys

from .cli import main

sys.exit(main())
