"""What several tests share."""

import numpy as np
import pytest

from lenet_core import data



@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.fixture(scope="session")
def digits():
    return data.digits()


@pytest.fixture(scope="session")
def mnist():
    found = data.load_mnist()
    if found.name != "MNIST":
        pytest.skip("MNIST is not here: name its folder in LENET_DATA")
    return found
