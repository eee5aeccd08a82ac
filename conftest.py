"""For every test, notebooks included: where MNIST is, and what is not compared when it is nowhere."""

import os
from pathlib import Path

beside = Path(__file__).parent.parent / "shared" / "data"
if "LENET_DATA" not in os.environ and (beside / "mnist").is_dir():
    os.environ["LENET_DATA"] = str(beside.resolve())
