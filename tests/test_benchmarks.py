"""The benchmarks run and their orders of magnitude hold; ratios within one run, with room for a noisy machine."""

import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from benchmarks import answer_times, classroom, throughput, workbook, yardstick
from benchmarks.classroom import MAPPED, OWN, Student
from lenet_core import lenet
from lenet_core.data import Dataset, write_shared
from lenet_core.training import train

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("keep", [False, True])
def test_the_yardstick_is_the_same_network(rng, keep):
    net = lenet(rng, np.float64)
    x, y = rng.random((3, 1, 28, 28)), np.array([1, 5, 9])
    params = [p for layer in net.layers for p in layer.params.values()]
    loss, grads = yardstick.loss_and_gradients(params, x, y, keep)
    assert loss == pytest.approx(net.loss(x, y)[0], rel=1e-12)
    for theirs, mine in zip(grads, [g for layer in net.layers for g in layer.grads.values()]):
        np.testing.assert_allclose(theirs, mine, atol=1e-12)


def test_the_yardstick_takes_the_same_steps(rng):
    net = lenet(rng, np.float64)
    x, y = rng.random((3, 1, 28, 28)), np.array([1, 5, 9])
    params = [p for layer in net.layers for p in layer.params.values()]
    velocities = [np.zeros_like(p) for p in params]
    for _, _ in zip(range(3), train(net, itertools.repeat((x, y)), 0.05, decay=5e-4)):
        params, velocities = yardstick.step(params, velocities, x, y, 0.05)
    for theirs, mine in zip(params, [p for layer in net.layers for p in layer.params.values()]):
        np.testing.assert_allclose(theirs, mine, atol=1e-12)


@pytest.mark.parametrize("size", [{"rounds": 2, "steps": 5, "loops": 8}, pytest.param({"rounds": 3}, marks=pytest.mark.slow)],
                         ids=["small", "as make bench measures"])
def test_speed_in_ratios(size):
    result = throughput.measure(**size, before=ROOT)                          # this build beside itself
    assert result["speeds"]["one image after another, float64"][1] > 12       # 27 to 29 on a quiet machine; half of it on a busy one
    for name in ("LeNet of the other build", "... each convolution as one product"):
        _, ratio, least, most = result["speeds"][name]
        # Of the few rounds beside other tests one may be disturbed; all of them only where a ratio is wrong.
        assert least < 2.5 and most > 0.4 and least <= ratio <= most
    assert result["share"] > 0.15                                             # 0.36 to 0.42 on a quiet machine
    for peer in throughput.LIBRARIES.values():                                # a row of its own, or the sentence that it is not installed
        assert (peer in result["missing"]) != any(name.startswith(peer) for name in result["speeds"])


def test_speed_of_prediction_in_ratios():
    speeds = throughput.prediction(rounds=1, images=200)
    assert speeds["LeNet"][1] == 1 and all(speed > 0 and least <= ratio <= most for speed, ratio, least, most in speeds.values())


# ------------------------------------------------------------------------------------------------------------- a class


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks the system how much memory is shared")
def test_two_kernels_share_the_mapped_images(rng, tmp_path, monkeypatch):
    """Two real kernels run the toy notebook and train: mapped, the images (63 MB) are in neither's own memory; read, in both."""
    monkeypatch.setattr(classroom, "EPOCHS", 1)
    x, y = rng.integers(0, 256, (20_000, 28, 28), dtype=np.uint8), np.arange(20_000) % 10
    np.savez(tmp_path / "mnist.npz", x_train=x, y_train=y, x_test=x[:100], y_test=y[:100])
    floats = x[:, None] / np.float32(255)
    write_shared(Dataset("MNIST", floats, y, floats[:100], y[:100]), tmp_path / "mapped")
    own, mapped = (classroom.measure(2, tmp_path / place) for place in ("mnist.npz", "mapped"))
    assert len(own) == len(mapped) == 2
    mib = floats.nbytes / 2 ** 20
    for one, other in zip(own, mapped):
        assert one.unique - other.unique > 0.8 * mib
        assert other.fair - other.unique > 0.4 * mib             # half of them, as there are two
        assert one.fair - one.unique < 0.4 * mib
        assert min(one.toy, one.epoch, other.toy, other.epoch) > 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks the system how much memory is shared")
def test_the_memory_of_a_server():
    assert 30 < classroom.server() < 400                         # MiB


def invented(students, unique, shared, epoch):
    return [Student(unique, unique + shared / students, 5.0, epoch) for _ in range(students)]


def test_memory_of_a_further_student_and_of_all_together():
    classes = [invented(n, 150.0, 220.0, 1.0) for n in (1, 2, 4)]
    assert classroom.needed(classes) == pytest.approx((220, 150))
    assert classroom.room(4, 220, 150) == (4096 - classroom.SYSTEM - 220) // 150
    assert classroom.room(1, 220, 150) == 0


def test_no_time_beyond_what_was_measured():
    classes = [invented(n, 150.0, 220.0, n / 2) for n in (1, 2, 4)]
    assert classroom.epoch_seconds(classes, 1.5, processors=2) == pytest.approx(1.5)
    assert classroom.epoch_seconds(classes, 0.1, processors=2) == 0.5      # nobody is faster than one who is alone
    assert classroom.epoch_seconds(classes, 2.1, processors=2) is None


def test_the_tables_of_a_class():
    classes = {data: [invented(n, unique, shared, n / 2) for n in (1, 2, 4)]
               for data, unique, shared in ((OWN, 370.0, 10.0), (MAPPED, 150.0, 220.0))}
    last = [cell.strip() for cell in classroom.measured_table(classes).splitlines()[-1].split("|")]
    assert last[1:-1] == ["mapped", "4", "150", "205", "820", "5.0", "5.0", "2.00", "2.00"]
    machines = classroom.machine_table(classes, 100.0, 2).splitlines()
    assert len(machines) == 2 + len(classroom.MACHINES)
    assert machines[2].split("|")[2:4] == [f" {(3072 - 10) // 470:<23} ", f" {(3072 - 220) // 250:<18} "]
    assert "not measured" in machines[2] and "0.5 s" in machines[2]


@pytest.mark.parametrize("arguments", [["4"], ["0", "1"], ["2", "2"]])
def test_a_line_needs_two_classes(arguments, capsys):
    with pytest.raises(SystemExit):
        classroom.main(arguments)
    assert "two different numbers" in capsys.readouterr().err


def test_a_kernel_loads_scikit_learn_and_scipy_only_when_it_needs_them():
    """Together they are 75 MB in every student's kernel; most notebooks never call them."""
    program = """if True:
        import sys
        import lenet_core
        from lenet_lab import check, plots
        from lenet_lab.check import bugs
        from lenet_lab.inside import drawing, look, recorder, relu_regions
        from lenet_lab.runs import diagnostics
        from lenet_lab.toy import practice
        from lenet_lab.experiments import learn, table
        from lenet_lab.widgets import draw, look_inside, mistakes, regions, step_through, time_travel, training
        print([name for name in ("sklearn", "scipy", "pandas", "matplotlib.pyplot") if name in sys.modules])
    """
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# -------------------------------------------------------------------------------------------------------- time and memory


@pytest.mark.skipif(sys.platform == "win32", reason="asks the system for the most memory that a process had")
def test_a_notebook_is_run_in_a_kernel_of_its_own(tmp_path):
    """The time is of all cells, the memory that of the kernel at its peak, also when it has given it back."""
    cells = ["import time\ntime.sleep(0.5)", "much = bytearray(b'1') * (300 * 2 ** 20)\ndel much"]
    lean, rich = (workbook.run_all(new_notebook(cells=[new_code_cell(cell) for cell in some]), tmp_path)
                  for some in (cells[:1], cells))
    assert 0.5 < lean.seconds and 0.5 < rich.seconds
    assert 290 < rich.peak - lean.peak < 400


def test_the_tables_of_time_and_memory():
    runs = {"one": (workbook.Run(2.0, 100.4), workbook.Run(3.0, 120.0)), "two": (workbook.Run(10.0, 90.0), None)}
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in workbook.notebook_table(runs).splitlines()]
    assert rows[2:] == [["`one`", "2.0", "100", "3.0", "120"], ["`two`", "10.0", "90", "", ""],
                        ["all, one after the other", "12", "", "13", ""]]
    last = workbook.first_minute_table({"JupyterLab answers": 3.4, "a drawing is read": 41.6}).splitlines()[-1]
    assert [cell.strip() for cell in last.split("|")[1:-1]] == ["a drawing is read", "42"]


def test_the_table_of_answer_times_counts_the_answers_that_did_not_come():
    found = {("draw", "the pen moves"): [[40.0, 90.4, 50.0], [None, 100.0, 102.0]], ("hinges", "another"): [[None], [30.0]]}
    rows = [[cell.strip() for cell in row.split("|")[1:-1]] for row in answer_times.widget_table(found, ["before"]).splitlines()]
    assert rows[0][2:] == ["median, ms", "slowest", "no answer", "before: median, ms", "before: slowest", "before: no answer", "ratio to before"]
    assert rows[2:] == [["draw", "the pen moves", "50", "90", "0", "101", "102", "1", "0.50"],
                        ["hinges", "another", "–", "–", "1", "30", "30", "0", "–"]]
