"""Going back into a run: a kept step is what it was, and a branch with the same rate is the run itself."""

import itertools

import numpy as np
import pytest

from lenet_core import lenet, train
from lenet_core.data import digits
from lenet_core.training import minibatches
from lenet_lab.inside.recorder import KEPT, Recorder
from lenet_lab.widgets.time_travel import TimeTravel


@pytest.fixture(scope="module")
def recording():
    net = lenet(np.random.default_rng(0))
    before = net.snapshot()
    made = Recorder(net, digits(), steps=30, lr=0.02)
    assert all(net.snapshot()[name][p] is before[name][p] for name in before for p in before[name])
    return made


def test_the_way_is_that_of_train(recording):
    data, net = digits(), lenet(np.random.default_rng(0))
    batches = minibatches(data.train_x, data.train_y, 64, np.random.default_rng(0))
    assert [step.loss for step in itertools.islice(train(net, batches, 0.02), 30)] == recording.losses
    assert recording.steps == list(range(31))
    for name, params in recording.net_at(30).snapshot().items():
        assert all((params[p] == net[name].params[p]).all() for p in params)


def test_a_branch_with_the_same_rate_is_the_run(recording):
    assert recording.branch(12, 0.02).losses == recording.losses[12:]


def test_a_branch_with_another_rate_goes_its_own_way(recording):
    branch = recording.branch(12, 0.001)
    assert branch.losses[0] == recording.losses[12] and branch.losses[1:] != recording.losses[13:]
    assert recording.branch(5, 1e6).diverged
    assert (recording.net_at(12)["conv1"].params["W"] == recording.snapshots[12].params["conv1"]["W"]).all()


def test_not_every_step_of_a_long_run_is_kept():
    recording = Recorder(lenet(np.random.default_rng(0)), digits(), steps=130, lr=0.005, batch_size=8)
    assert len(recording.snapshots) <= KEPT and recording.steps[-1] == 130 and recording.steps[1] == recording.every == 3
    with pytest.raises(ValueError, match="every 3 steps"):
        recording.net_at(1)


def test_where_widgets_do_not_run_there_is_a_picture(recording):
    data, metadata = TimeTravel(recording, digits())._repr_mimebundle_()
    assert data["image/png"].startswith(b"\x89PNG") and "after step 30" in metadata["image/png"]["alt"]
