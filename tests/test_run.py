"""Runs and the panel without a browser: what the buttons do, one thread at a time, nothing hangs."""

import ast
import asyncio
import functools
import threading
import time
from pathlib import Path

import nbformat
import numpy as np
import pytest

from lenet_core import lenet
from lenet_lab import plots
from lenet_lab.runs.run import Run
from lenet_lab.widgets.training import TrainingPanel

from . import browser

ROOT = Path(__file__).parent.parent


def network():
    return lenet(np.random.default_rng(0))


@pytest.fixture
def few(digits):
    return digits.subset(320)


until = functools.partial(browser.until, pause=0.01)                # steps are short


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "lenet-training"]


def test_run_with_pauses_is_the_run_without(few):
    plain = Run(network(), few, steps=30, headless=True)
    plain.start()
    run = Run(network(), few, steps=30)
    run.step()                                                # from "ready": the first step
    until(lambda: len(run.history.losses) == 1)
    assert run.state == "paused"
    run.resume()
    until(lambda: len(run.history.losses) > 5)
    run.pause()
    time.sleep(0.2)
    at = len(run.history.losses)
    time.sleep(0.2)
    assert len(run.history.losses) == at
    run.step()
    until(lambda: len(run.history.losses) == at + 1)
    run.resume()
    run.wait()
    assert run.state == plain.state == "finished" and not threads()
    assert run.history.losses == plain.history.losses
    assert [end.step for end in run.history.evaluations] == [5, 30]
    assert run.history.points[-1].step == 30 and "images are right" in str(run)


def test_stop_and_start_again(few):
    run = Run(network(), few, steps=1000)
    run.start()
    until(lambda: len(run.history.losses) > 3)
    run.stop()
    assert run.state == "stopped" and not threads()
    first, done = run.history.losses[:3], len(run.history.losses)
    assert run.history.evaluations[-1].step == done                # tested with what it had
    run.stop()
    run.start()
    until(lambda: len(run.history.losses) > 3)
    run.stop()
    assert run.history.losses[:3] == first                    # the same network, the same order


def test_a_second_run_stops_the_first(few):
    run = Run(network(), few, steps=1000)
    run.start()
    other = Run(network(), few, steps=1000)
    assert run.state == "stopped" and not threads()
    other.start()
    assert len(threads()) == 1
    other.stop()


def test_a_second_run_of_the_same_network_begins_where_the_first_had_come(few):
    net = network()
    run = Run(net, few, steps=1000)
    run.start()
    until(lambda: len(run.history.losses) > 3)
    other = Run(net, few, steps=2)
    at = net.snapshot()
    assert all((other._first_parameters[n][p] == at[n][p]).all() for n in at for p in at[n])


def test_resume_and_pause_forget_queued_steps(few):
    run = Run(network(), few, steps=1000)
    for _ in range(6):
        run.step()
    run.resume()
    until(lambda: len(run.history.losses) > 12)
    run.pause()
    time.sleep(0.3)
    at = len(run.history.losses)
    time.sleep(0.3)
    assert len(run.history.losses) == at
    run.stop()


def test_a_headless_run_cannot_be_stepped_and_raises_what_happens(few):
    with pytest.raises(ValueError, match="cannot be stepped"):
        Run(network(), few, steps=5, headless=True).step()
    net = network()
    net["relu1"].use(backward=lambda dout, cache: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        Run(net, few, steps=5, headless=True).start()


def test_settings_take_effect_on_the_way(few):
    run = Run(network(), few, steps=50)
    run.step()
    until(lambda: len(run.history.losses) == 1)
    before = run.net["ip2"].params["W"]
    run.settings.lr = 0.0
    run.step()
    until(lambda: len(run.history.losses) == 2)
    assert run.history.rates[1] == 0
    run.settings.mu = 0.0
    at = run.net["ip2"].params["W"]
    assert (at != before).any()                               # momentum still carried it
    run.step()
    until(lambda: len(run.history.losses) == 3)
    assert (run.net["ip2"].params["W"] == at).all()
    run.stop()


def test_divergence_is_told_in_the_panel(few):
    panel = TrainingPanel(network(), few, steps=100, headless=True)
    panel.run.settings.lr = 100.0
    panel.start()
    panel.wait()
    assert panel.run.state == "failed" and "stopped being a number" in panel.page["status"]


def test_only_a_whole_run_with_the_settings_of_its_recipe_has_a_result(few):
    run = Run(network(), few, steps=30)
    assert run.result is None
    run.start()
    until(lambda: len(run.history.losses) > 6)
    run.stop()
    assert run.history.evaluations and run.result is None
    run.start()
    run.wait()
    assert run.result == run.history.evaluations[-1].test_error
    run.settings.mu = 0.0
    assert run.result is not None                             # no step was made with it
    run.step()
    run.start(paused=True)
    run.step()
    until(lambda: len(run.history.losses) == 1)
    run.settings.mu = 0.9                                     # back again: one step of the thirty had another momentum
    run.resume()
    run.wait()
    assert run.state == "finished" and run.result is None
    run.settings.lr = 100.0
    run.start()
    run.wait()
    assert run.state == "failed" and run.result is None


@pytest.mark.parametrize("cell, name, asked", [("c18", "panel", "0.002"), ("c29", "full", "0.001")])
@pytest.mark.parametrize("rate, judged", [(None, True), (0.05, False), (100.0, False)])
def test_notebook_06_judges_no_other_run_than_the_one_that_was_asked_for(few, cell, name, asked, rate, judged, capsys, monkeypatch, tmp_path):
    """A run that failed, or had other settings, is not compared with a guess, and the cell says what to do."""
    cells = nbformat.read(ROOT / "notebooks" / "06_train_lenet.ipynb", 4).cells
    code = compile(next(one.source for one in cells if one.get("id") == cell), cell, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    panel = TrainingPanel(network(), few, recipe="small" if name == "panel" else "quick", steps=20, headless=True)
    panel.run.settings.lr = rate or panel.run.settings.lr
    panel.start()
    compared = []
    place = {name: panel, "compare": lambda *one: compared.append(one)}
    asyncio.run(eval(code, place))
    assert bool(compared) is judged
    said = capsys.readouterr().out
    assert ("press Restart, and run this cell again" in said and f"0.08, 0.9 and {asked}" in said) is not judged
    assert judged or place.get("unmoved") is None and "run" not in place
    assert panel.run.recipe.lr == 0.08 and panel.run.recipe.mu == 0.9 and str(panel.run.recipe.decay) == asked


def test_a_students_mistake_is_raised_where_one_waits(few):
    net = network()

    def my_relu_backward(dout, cache):
        raise ZeroDivisionError("oh")

    net["relu1"].use(backward=my_relu_backward)
    run = Run(net, few, steps=5)
    run.start()
    with pytest.raises(ZeroDivisionError):
        run.wait()
    assert run.state == "failed"


def test_await_and_cancel(few):
    async def wait_for_it():
        run = Run(network(), few, steps=5)
        run.start()
        await run
        assert run.state == "finished"
        run = Run(network(), few, steps=10_000)
        run.start()
        waiting = asyncio.ensure_future(run._over())
        await asyncio.sleep(0.2)
        waiting.cancel()                                       # what an interrupt of the kernel does to a waiting cell
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert run.state == "paused"
        run.stop()
    asyncio.run(wait_for_it())
    assert not threads()


@pytest.mark.parametrize("while_", ["running", "paused"])
def test_restart_begins_again_before_the_run_is_over_and_a_cell_that_waits_waits_on(few, while_):
    plain = Run(network(), few, steps=30, headless=True)
    plain.start()
    panel = TrainingPanel(network(), few, steps=30)
    run = panel.run
    run.listener = lambda one: (panel._follow(one), time.sleep(0.005))                   # steps long enough to press a button

    def press(do):
        panel._receive(panel, {"do": do}, [])

    async def wait_for_it():
        press("start")
        waiting = asyncio.ensure_future(run._over())
        until(lambda: len(run.history.losses) > 3)
        if while_ == "paused":
            press("pause")
        assert panel.page["works"]["start"] and panel.page["start"] == "Restart"
        again = threading.Thread(target=press, args=("start",))                          # as the kernel's thread for widgets does
        again.start()
        await waiting
        again.join()

    asyncio.run(wait_for_it())
    assert run.error is None and run.state == "finished" and run.history.losses == plain.history.losses and not threads()


def test_panel_buttons_and_closing(few):
    panel = TrainingPanel(network(), few, steps=500)
    def click(do, **more):
        panel._receive(panel, {"do": do, **more}, [])

    def works():
        return {name for name, usable in panel.page["works"].items() if usable}
    assert works() == {"start", "step"}
    click("start")
    until(lambda: len(panel.run.history.losses) > 2)
    click("pause")
    until(lambda: "Paused" in panel.page["status"])
    assert works() == {"start", "step", "resume", "stop"} and panel.page["start"] == "Restart" and "The smoothed loss went from" in panel.page["said"]
    sent = []
    panel.observe(lambda change: sent.append(change["new"]["settings"]["lr"]), "page")
    click("set", name="lr", value=0.01)
    assert panel.run.settings.lr == panel.page["settings"]["lr"] == 0.01 and sent == [0.01]      # a view that is made anew has it
    click("set", name="lr", value=0.3)                       # what the page does not offer, and what no setting is called
    click("set", name="steps", value=0.01)
    assert panel.run.settings.lr == 0.01 and panel.run.steps == 500
    panel.close()
    assert panel.run.state == "stopped" and not threads()


def test_unknown_recipe_gets_a_sentence(few):
    with pytest.raises(ValueError, match="no recipe 'slow'; there are: quick, small, homework"):
        Run(network(), few, recipe="slow")


def test_figures(few):
    run = Run(network(), few, steps=10, headless=True)
    run.start()
    ax = plots.error_curves(run)
    assert few.name in ax.get_title(loc="left") and len(ax.get_legend().get_texts()) == 3
    maps = plots.confusions(few.test_y, [end.predictions for end in run.history.evaluations], ["one", "two"], few.name)
    counted = sum(int(text.get_text()) for text in maps[0, 0].texts)
    assert counted == np.sum(run.history.evaluations[0].predictions != few.test_y)
    assert few.name in plots.digits(few.test_x[:3], few.test_y[:3], few.name)[0, 0].figure._suptitle.get_text()


def test_errors_on_training_images_are_solid_and_on_test_images_dashed_in_every_figure(few):
    run = Run(network(), few, steps=10, headless=True)
    run.start()
    curve = [[1, 0.5, 0.6], [2, 0.25, 0.5]]
    axes = [plots.error_curves(run), plots.learning_curves({"a": {"curve": curve}})[0, 0], plots.errors_by_epoch({"a": curve})[0, 0]]
    for ax in axes:
        train, test = ax.lines[:2]
        assert train.get_label().startswith("training") and test.get_label().startswith("test")
        assert (train.get_linestyle(), test.get_linestyle()) == ("-", "--") and train.get_color() == axes[0].lines[0].get_color()


def test_a_panel_costs_little(few):
    """Drawing takes a small share of a step's time; at four pictures a second that is far below 5 %."""
    panel = TrainingPanel(network(), few, steps=40, headless=True)
    panel.start()
    per_step = panel.run.history.seconds / 40
    began = time.perf_counter()
    for _ in range(20):
        panel._draw()
    assert (time.perf_counter() - began) / 20 < per_step


# ------------------------------------------------------------------------------------- what is refused, and other ends


@pytest.mark.parametrize("refused", [{"recipe": "slow"}, {"epochs": 1, "steps": 10}])
@pytest.mark.parametrize("make", [Run, TrainingPanel])
def test_a_run_that_is_refused_stops_no_other_and_blocks_none(few, make, refused, recwarn):
    run = Run(network(), few, steps=10_000)
    run.start()
    kept = []
    with pytest.raises(ValueError) as error:
        make(network(), few, **refused)
    kept.append(error)                                        # its traceback holds what was half made
    assert run.state == "running"
    again = make(network(), few, steps=3)
    assert run.state == "stopped"
    again.start()
    again.wait()
    assert "finished" in repr(again).lower() and not threads()
    assert not [one for one in recwarn if "no attribute" in str(one.message)]


@pytest.mark.parametrize("headless", [True, False])
def test_a_function_that_calls_sys_exit_ends_the_run(few, headless):
    net = network()

    def leaves(dout, cache):
        raise SystemExit("enough")

    net["relu1"].use(backward=leaves)
    run = Run(net, few, steps=5, headless=headless)
    with pytest.raises(SystemExit):
        run.start()
        run.wait()
    assert run.state == "failed" and run.result is None and not threads()


def test_an_interrupt_stops_a_headless_run(few):
    net = network()

    def interrupted(dout, cache):
        raise KeyboardInterrupt

    run = Run(net, few, steps=5, headless=True)
    net["relu1"].use(backward=interrupted)
    with pytest.raises(KeyboardInterrupt):
        run.start()
    assert run.state == "stopped" and run.result is None
    net["relu1"].use()
    run.start()
    assert run.state == "finished" and run.result is not None


def test_the_result_counts_the_settings_that_the_steps_used(few):
    """A momentum that one step used, and that was put back before the step ended."""
    net, change = network(), False

    def backward(dout, cache):
        run.settings.mu = 0.9                                 # the step under way has read its settings
        return dout * cache

    def after_each_step(run):
        run.settings.mu = 0.0 if change and len(run.history.losses) == 2 else 0.9

    run = Run(net, few, steps=4, headless=True, listener=after_each_step)
    net["relu1"].use(lambda x: (np.maximum(x, 0), x > 0), backward)
    run.start()
    result, losses, change = run.result, run.history.losses, True
    run.start()
    assert run.history.losses != losses and result is not None and run.result is None


def test_a_start_that_is_refused_leaves_the_run_as_it_was(few):
    run = Run(network(), few, steps=4, headless=True)
    run.start()
    result = run.result
    run.seed = -1
    with pytest.raises(ValueError):
        run.start()
    assert run.state == "finished" and run.result == result
