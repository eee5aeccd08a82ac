"""Every case of the hunt: the function is really wrong, what is said to show it does, what is said to hide it hides it."""

import inspect
import warnings

import numpy as np
import pytest

from lenet_core import Layer, Net, gradcheck, lenet, ops
from lenet_core.gradcheck import check_net
from lenet_lab.check import bugs
from lenet_lab.check.solutions import blocks
from lenet_lab.check.verdict import NOT_WRITTEN
from lenet_lab.toy.practice import homework

NUMBERS = range(1, len(bugs.BUGS) + 1)


@pytest.fixture(autouse=True)
def a_fresh_hunt(monkeypatch):
    monkeypatch.setattr(bugs, "_cases", {})


def failed(found):
    return [entry for entry in found if entry.verdict == "fail"]


def shown_by(case, name, *args, **kwargs):
    """Does this check fail as advertised, nearest to the loss in the broken kind of layer?"""
    bug, found = case._bug, failed(case.check(*getattr(bugs, name)(*args, **kwargs)))
    assert bool(found) == (name in bug.shows), f"case {case.number} on {name}: {len(found)} fail"
    return not found or bugs._kind(found[-1].layer) == bug.kind


# ------------------------------------------------------------------------------------------------------------ the functions


def test_there_are_fourteen_and_none_twice():
    charges = [bug.charge for bug in bugs.BUGS]
    assert len(set(charges)) == len(charges) and set(charges) < set(bugs.SUSPECTS)
    assert {bug.kind for bug in bugs.BUGS} == set(bugs.KINDS)
    assert (len(charges), len(bugs.SUSPECTS)) == (14, 20)              # the notebook says: fourteen cases, six innocents


@pytest.mark.filterwarnings("ignore:The images have pixels far above 1")      # that is the bug
def test_loud_scores_are_in_the_thousands():
    with warnings.catch_warnings():
        warnings.simplefilter("error")                                 # so bright an image is what is wanted
        net, x, y = bugs.loud()
    assert 1e3 < net(x).max() < 1e5 and y != net.predict(x)


@pytest.mark.parametrize("seeds", [range(1), pytest.param(range(1, 3), marks=pytest.mark.slow)], ids=["one seed", "two more"])
@pytest.mark.parametrize("name", ["naive", "odd", "loud"])
@pytest.mark.parametrize("number", NUMBERS)
def test_small_networks_show_what_they_should_and_hide_the_rest(number, name, seeds):
    assert all(shown_by(bugs.BugCase(number), name, seed) for seed in seeds)


@pytest.mark.parametrize("number", NUMBERS)
def test_digits_show_what_they_should_and_hide_the_rest(number, mnist):
    assert shown_by(bugs.BugCase(number), "digits", mnist, n=2)


@pytest.mark.parametrize("seeds", [range(3), pytest.param(range(3, 12), marks=pytest.mark.slow)], ids=["three seeds", "nine more"])
@pytest.mark.parametrize("name", ["naive", "odd", "loud"])
def test_right_layers_pass_everywhere(name, seeds):
    for seed in seeds:
        assert not failed(check_net(*getattr(bugs, name)(seed), rng=np.random.default_rng(seed)))


def test_right_layers_pass_on_digits(mnist, digits):
    for seed in range(3):
        assert not failed(check_net(*bugs.digits(mnist, n=2, seed=seed), rng=np.random.default_rng(seed)))
        assert not failed(check_net(*bugs.digits(digits, n=2, seed=seed), rng=np.random.default_rng(seed)))


def test_only_the_case_that_no_gradient_check_finds_differs_from_the_loops():
    for number in NUMBERS:
        different = any(difference > 1e-6 for difference in bugs.BugCase(number).compare(*bugs.naive()[:2]).values())
        assert different == (not bugs.BUGS[number - 1].shows)


def test_a_suspect_network_is_a_copy():
    net, x, y = bugs.naive()
    suspect = charged("gate on the output").into(net)
    assert suspect["relu1"].own["backward"] and not net["relu1"].own["backward"]
    assert np.array_equal(suspect["conv1"].params["W"], net["conv1"].params["W"])


# -------------------------------------------------------------------------------------------------------- what is said of them


def charged(charge):
    return bugs.case(next(n for n in NUMBERS if bugs.BUGS[n - 1].charge == charge))


def test_random_images_hide_a_pool_that_pays_every_tie_and_many_windows_of_mnist_tie(mnist):
    shares = []
    for seed in range(5):
        maps = lenet(np.random.default_rng(seed))["conv1"].forward(mnist.test_x[:500])[0]
        entries = np.array(list(ops.window_entries(maps, 2, 2)))
        shares.append(((entries == entries.max(axis=0)).sum(axis=0) > 1).mean())
    assert all(0.38 < share < 0.44 for share in shares)
    case = charged("every tie paid")
    net = lenet(np.random.default_rng(0))
    assert not failed(case.check(net, np.random.default_rng(0).random((2, 1, 28, 28)), np.array([0, 1])))
    found = case.check(net, mnist.test_x[:2], mnist.test_y[:2])
    assert {e.verdict for e in found if (e.layer, e.parameter) == ("conv1", "b")} == {"fail"}
    assert sum(e.verdict == "fail" for e in found if (e.layer, e.parameter) == ("conv1", "W")) < 5            # of 20


def test_on_grey_paper_it_would_show_in_the_weights_too(mnist):
    found = charged("every tie paid").check(lenet(np.random.default_rng(0)), 0.3 + 0.7 * mnist.test_x[:2], mnist.test_y[:2])
    assert sum(e.verdict == "fail" for e in found if (e.layer, e.parameter) == ("conv1", "W")) > 15           # of 20


def test_the_parameters_on_one_digit_hide_more_than_half_of_the_cases(mnist):
    hidden = [n for n in NUMBERS if not any(e.parameter in "Wb" for e in failed(bugs.case(n).check(*bugs.digits(mnist, n=1))))]
    assert len(hidden) > len(bugs.BUGS) / 2
    assert {bugs.BUGS[n - 1].charge for n in hidden} == {
        "1/N missing", "rows and columns exchanged", "overlaps overwritten", "db averaged", "stride ignored",
        "border cut in the wrong place", "no shift", "windows read by columns"}


def test_exchanged_rows_and_columns_leave_no_right_number_in_the_wrong_place():
    found = [e for e in charged("rows and columns exchanged").check(*bugs.odd(), entries=1000) if (e.layer, e.parameter) == ("conv2", "x")]
    analytic = np.array([e.analytic for e in found])
    there = [np.isclose(analytic, e.numeric, rtol=1e-4, atol=1e-7).any() for e in found]
    assert len(found) == 54 and all(e.verdict == "fail" for e in found) and sum(there) <= 1
    assert sum(e.index[:2] == (0, 0) for e in found) == 6


def test_the_toy_network_shows_overwritten_overlaps():
    toy = homework()
    assert failed(charged("overlaps overwritten").check(toy.net, toy.x, toy.y))


def test_weights_of_after_the_step_move_a_gradient_by_a_few_per_thousand(mnist):
    found = failed(charged("weights of after the step").check(*bugs.digits(mnist)))
    assert 1e-3 < np.median([2 * entry.error for entry in found]) < 1e-2


def test_with_one_convolution_the_parameters_hide_a_filter_that_is_not_turned(rng):
    net = Net((1, 6, 6), [Layer("conv1", "conv", (2, 1, 3, 3)), Layer("ip1", "inner_product", (32, 3))])
    net.initialise(rng, lambda *_: 0.5)
    found = charged("filter not turned").check(net, rng.standard_normal((2, 1, 6, 6)), np.array([0, 1]))
    assert {(entry.layer, entry.parameter) for entry in failed(found)} == {("conv1", "x")}


def test_where_exponentials_overflow():
    with np.errstate(over="ignore"):
        assert np.isfinite(np.exp(709.0)) and np.isinf(np.exp(710.0))
        assert np.isfinite(np.exp(np.float32(88))) and np.isinf(np.exp(np.float32(89)))


# ------------------------------------------------------------------------------------------------------------- the accusation


def test_not_written_yet():
    assert bugs.accuse(2).text == bugs.accuse(2, "conv1").text == bugs.accuse(2, ..., "sign").text == NOT_WRITTEN


def test_an_accusation_needs_evidence():
    verdict = bugs.accuse(1, "pool1", "every tie paid")
    assert not verdict.passed and "guess" in verdict.text
    bugs.case(1).check(*bugs.naive())
    assert not bugs.accuse(1, "pool1", "every tie paid").passed
    toy = homework()
    bugs.case(1).check(toy.net, toy.x, toy.y)
    verdict = bugs.accuse(1, "pool2", "every tie paid")
    assert verdict.passed and "Shown by check 2 (1 image of 1x4x4)" in verdict.text
    assert "What could not show it: check 1 (1 image of 1x10x10)." in verdict.text and bugs.BUGS[0].explanation in verdict.text
    assert "by check 2" in repr(bugs.case(1)) and "| 1 | 2 | check 2" in bugs.record().data


def test_a_wrong_accusation_is_answered_with_the_evidence():
    bugs.case(3).check(*bugs.naive())
    assert "It is not ip2." in bugs.accuse(3, "ip2", "db averaged").text
    bugs.case(3).check(*bugs.odd())
    assert "points to loss" in bugs.accuse(3, "ip2", "db averaged").text
    verdict = bugs.accuse(3, "loss", "no shift")
    assert not verdict.passed and "shows in check 2" in verdict.text and "not in check 1" in verdict.text
    assert bugs.accuse(3, "softmax_loss", "1/N missing").passed


def test_only_the_loops_are_evidence_where_the_gradient_is_right():
    last = len(bugs.BUGS)
    bugs.case(last).check(*bugs.odd())
    assert not bugs.accuse(last, "conv1", "windows read by columns").passed
    bugs.case(last).compare(*bugs.naive()[:2])
    assert "by loops" in bugs.accuse(last, "conv1", "windows read by columns").text


def test_a_wrong_accusation_asks_only_about_what_was_seen():
    last = bugs.case(len(bugs.BUGS))
    last.check(*bugs.naive())
    assert "?" not in bugs.accuse(last.number, "conv1", "bias left out").text
    last.compare(*bugs.naive()[:2])
    text = bugs.accuse(last.number, "conv1", "bias left out").text
    assert "Which arrays fail" not in text and "what is the difference" not in text and "change the forward pass?" in text
    bugs.case(3).check(*bugs.odd())
    text = bugs.accuse(3, "loss", "no shift").text                                    # a loss has no arrays but x
    assert "By a factor, or in the wrong places?" in text and "Which arrays fail" not in text


def test_the_checks_that_could_not_show_it_stand_in_one_sentence():
    last = bugs.case(len(bugs.BUGS))
    for net in (bugs.naive(), bugs.odd()):
        last.check(*net)
    last.compare(*bugs.naive()[:2])
    text = bugs.accuse(last.number, "conv1", "windows read by columns").text
    assert "What could not show it: check 1 (1 image of 1x10x10) and check 2 (3 images of 2x13x10).\n" in text


def test_what_cannot_be_understood_is_said():
    with pytest.raises(ValueError, match="cases 1 to"):
        bugs.case(0)
    with pytest.raises(ValueError, match="not among the suspects"):
        bugs.accuse(1, "conv1", "the butler")
    with pytest.raises(ValueError, match="not a layer"):
        bugs.accuse(1, "garden", "sign")


def test_neither_suspects_nor_cases_give_it_away_but_reveal_does():
    assert all(charge in bugs.suspects().data for charge in bugs.SUSPECTS)
    assert bugs.BUGS[0].charge not in repr(bugs.case(1)) + bugs.record().data
    for number in NUMBERS:
        bug, shown = bugs.BUGS[number - 1], bugs.reveal(number).data
        assert bug.charge in shown and all(inspect.getsource(function) in shown for function in bug.functions())
    assert ops.softmax_loss not in [function for bug in bugs.BUGS for function in bug.functions()]


def test_the_solved_cells_of_the_notebook_find_their_bugs(capsys):
    solved = {name: source.splitlines() for name, source in blocks().items() if name.startswith("bug_")}
    assert len(solved) == 4
    for lines in solved.values():
        room = {"bugs": bugs, "gradcheck": gradcheck}
        exec("\n".join(lines[:-1]), room)
        assert eval(lines[-1], room).passed
