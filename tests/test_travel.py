"""Going back into a run: a kept step is what it was, and a branch with the same rate is the run itself."""

import itertools

import numpy as np
import pytest

from lenet_core import lenet, train
from lenet_core.data import digits
from lenet_core.train import minibatches
from lenet_lab.travel import KEPT, Journey
from lenet_lab.widgets.time_travel import TimeTravel


@pytest.fixture(scope="module")
def journey():
    net = lenet(np.random.default_rng(0))
    before = net.snapshot()
    made = Journey(net, digits(), steps=30, lr=0.02)
    assert all(net.snapshot()[name][p] is before[name][p] for name in before for p in before[name])
    return made


def test_the_way_is_that_of_train(journey):
    data, net = digits(), lenet(np.random.default_rng(0))
    batches = minibatches(data.train_x, data.train_y, 64, np.random.default_rng(0))
    assert [step.loss for step in itertools.islice(train(net, batches, 0.02), 30)] == journey.losses
    assert journey.steps == list(range(31))
    for name, params in journey.net_at(30).snapshot().items():
        assert all((params[p] == net[name].params[p]).all() for p in params)


def test_a_branch_with_the_same_rate_is_the_run(journey):
    assert journey.branch(12, 0.02).losses == journey.losses[12:]


def test_a_branch_with_another_rate_goes_its_own_way(journey):
    branch = journey.branch(12, 0.001)
    assert branch.losses[0] == journey.losses[12] and branch.losses[1:] != journey.losses[13:]
    assert journey.branch(5, 1e6).diverged
    assert (journey.net_at(12)["conv1"].params["W"] == journey.moments[12].params["conv1"]["W"]).all()


def test_not_every_step_of_a_long_run_is_kept():
    journey = Journey(lenet(np.random.default_rng(0)), digits(), steps=130, lr=0.005, batch_size=8)
    assert len(journey.moments) <= KEPT and journey.steps[-1] == 130 and journey.steps[1] == journey.every == 3
    with pytest.raises(ValueError, match="every 3 steps"):
        journey.net_at(1)


def test_where_widgets_do_not_run_there_is_a_picture(journey):
    data, metadata = TimeTravel(journey, digits())._repr_mimebundle_()
    assert data["image/png"].startswith(b"\x89PNG") and "after step 30" in metadata["image/png"]["alt"]
