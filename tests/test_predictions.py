"""Predictions: the guess, the result beside it and why; what is kept; what a notebook shows before its cells run."""

import ast
import csv
import json
import re

import nbformat
import numpy as np
import pytest
from nbconvert.exporters import HTMLExporter

from docs import stored_outputs
from lenet_lab import check
from lenet_lab.check import predictions, progress_store
from lenet_lab.check.reasons import REASONS, Reason
from lenet_lab.grade.terminal import main

from .test_grade import write_notebook

NAMES = [name for group in REASONS.values() for name in group]
NOTEBOOKS = sorted(stored_outputs.NOTEBOOKS.glob("*.ipynb"))
NUMBER, SIZE = "the loss after one step", "the loss that stays the same"
SHAPE, CHOICE = "shape of the test images", "the layer with the most multiplications"
CHANCE, WIDER = "digits of 100 that an untrained network reads", "kinks among 60 pixels"
EXACTLY = "numbers of conv1, biases included"
POWER, COUNT = "largest difference of an output, as a power of ten", "modules of LeNet in PyTorch"
FEW, NONE, PIECES = "of five networks with 16 units", "of five networks with 4 units", "straight pieces of the first boundary"
CORNERS = "corners of the boundary of three units, start 3"
LAYERS = ("conv1", "conv2", "ip1", "ip2")


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("LENET_PROGRESS", str(tmp_path / "progress"))
    monkeypatch.setattr(predictions, "_said", {})
    monkeypatch.setattr(predictions, "_seen", set())


def told(name, guess, result, **options):
    check.predict(name, guess, **options)
    return str(predictions.compared(name, result))


@pytest.mark.parametrize("name, guess, result, said", [
    (SIZE, 25, 18.4, "✗ the loss that stays the same: you said 25, it is 18.4: 36 % too high, not close (close here means within 10 %)."),
    (SIZE, 18, 18.4, "✓ the loss that stays the same: you said 18, it is 18.4: 2 % too low, close (close here means within 10 %)."),
    (SIZE, 18.4, 18.4, "✓ the loss that stays the same: you said 18.4, and it is 18.4. Right."),
    (SIZE, "0.05", 0.04742, "✓ the loss that stays the same: you said 0.05, it is 0.04742: 5 % too high, close (close here means within 10 %)."),
    (SIZE, "1/20", 0.04742, "5 % too high, close ("), (SIZE, "5 %", 0.04742, "you said 0.05, it is 0.04742: 5 % too high, close ("),
    (SIZE, np.float32(0.5), 0.5, "Right."),
    (SIZE, -3, 3, "the wrong sign, not close ("), (SIZE, 300, 3, "100 times as large, not close ("), (SIZE, 1, 4, "4 times too small, not close ("),
    (SIZE, 0, 4, "you said 0, it is 4: not close ("), (SIZE, 0.1, 0, "you said 0.1, it is 0: not close (only the exact number is close)."),
    (SIZE, 0, 0, "Right."),
    (SIZE, 0, -0.0, "and it is 0. Right."), (SIZE, 60_000, 61_000, "you said 60,000, it is 61,000: 2 % too low, close ("),
    (POWER, -7, -6, "you said -7, it is -6: one power of ten too low, close (close here means within one power of ten)."),
    (POWER, -5, -6, "one power of ten too high, close ("), (POWER, -3, -6, "3 powers of ten too high, not close ("),
    (POWER, 6, -6, "the wrong sign, not close ("), ("its second line at x = 2", -5, -4, "you said -5, it is -4: one too low, not close ("),
    ("w after one step at the rate 0.3", -0.3, -0.4, "0.1 too high, not close ("),
    (FEW, 4, 5, "you said 4, it is 5: close (close here means 4 to 5)."), (FEW, 3, 5, "2 networks too low, not close (close here means 4 to 5)."),
    (FEW, 5, 5, "Right."), (PIECES, 12, 14, "close (close here means 12 to 16)."), (NONE, 1, 0, "close (close here means 0 to 1)."),
    (NONE, 2, 0, "you said 2, it is 0: not close (close here means 0 to 1)."),
    (CORNERS, 7, 6, "you said 7, it is 6: one too many, not close (only the exact number is close)."),
    (COUNT, 7, 8, "you said 7, it is 8: one too few, not close (only the exact number is close)."), (COUNT, 20, 8, "12 too many, not close ("),
    (SHAPE, (1, 20, 24, 24), (1, 20, 24, 24), "you said (1, 20, 24, 24), and it is (1, 20, 24, 24). Right."),
    (SHAPE, "1x20x24x24", (1, 20, 24, 24), "Right."), (SHAPE, [1, 20, 24, 25], (1, 20, 24, 24), "not close (every number must be right)."),
    (SHAPE, (10_000, 28, 28), (10_000, 1, 28, 28), "you said (10000, 28, 28), it is (10000, 1, 28, 28): three numbers, wanted are four."),
    (SHAPE, (10, 0, 1, 28, 28), (10_000, 1, 28, 28), "five numbers, wanted are four; write 10000 without a comma."),
    (SHAPE, 20, (1, 20, 24, 24), "one number, wanted are four."), (SIZE, (1, 2), 3, "two numbers, wanted is one."),
    (SHAPE, (14, 21.1), np.array([14.0, 21.5]), ": not close (each must be within 1 %)."),
    (SHAPE, (14, 21.4), np.array([14.0, 21.5]), ": close (each must be within 1 %)."),
    (SHAPE, (14, 21.1), np.array([14.0, 21.0]), ": not close (every number must be right)."),
    (CHANCE, 10, 6, "you said 10, it is 6: close (close here means 3 to 20)."), (CHANCE, "10 %", 6, "you said 10, it is 6: close ("),
    (CHANCE, 0, 6, "you said 0, it is 6: not close (close here means 3 to 20)."), (CHANCE, 25, 6, "4.2 times as large, not close ("),
    ("the highest of LeNet's ten probabilities", "10 %", 0.103789, "you said 0.1, it is 0.1038: close ("),
    ("the highest of LeNet's ten probabilities", "10,5%", 0.103789, "you said 0.105, it is 0.1038: close ("),
    ("per cent of windows with a tie, twenty digits", "42 %", 40, "you said 42, it is 40: close ("),
    (EXACTLY, 530, 520, "2 % too high, not close (only the exact number is close)."),
    (WIDER, 30, 50, "40 % too low, not close (close here means within 30 %)."),
])
def test_the_guess_beside_the_result(name, guess, result, said):
    assert said in told(name, guess, result).replace("\n  ", " ")


def test_no_line_begins_with_a_per_cent_sign():
    lines = told(WIDER, 30, 50).splitlines()
    assert lines[0].endswith("close here means within") and lines[1] == "  30 %)."


def test_a_choice():
    text = told(CHOICE, "conv2", "conv2", choices=LAYERS)
    assert text.startswith(f"✓ {CHOICE}: you said conv2. Right.\nWhy: conv2 has a sixteenth")
    assert "you said yes" in told("the three conventions agree about the sign", "y", "no", choices=("yes", "no"))


def test_a_wrong_choice():
    assert "you said ip1, the answer is conv2." in told(CHOICE, "IP1", "conv2", choices=LAYERS)


def test_a_question_for_a_size_only_says_within_which_share_a_guess_is_close():
    assert predictions.judged(50, 33, Reason("", 0.5).limit(33)) == (False, pytest.approx(17 / 33))
    assert predictions.judged(45, 33, Reason("", 0.5).limit(33))[0] and not predictions.judged(45, 33, Reason("").limit(33))[0]
    assert predictions.judged(26.4, 24, 0.1)[0]                                        # exactly 10 %


@pytest.mark.parametrize("guess, close", [(4.6, True), (18.4, True), (18.5, False), (4.5, False), (0.15, False), (0, False), (-9.2, False)])
def test_where_only_the_size_can_be_guessed_half_is_as_far_off_as_double(guess, close):
    text = told("per cent wrong after 4,800 images", guess, 9.2)
    assert text.startswith("✓" if close else "✗") and "(close here means 4.6 to 18.4)" in " ".join(text.split())


def test_no_whole_number_is_judged_by_a_share_that_no_other_whole_number_is_within():
    """Of 5 none but 5 is within 10 %: then the sentence says that only the exact number is close, or from where to where a guess is."""
    limits = {name: (predictions.by_name()[name].limit(one), abs(one)) for name, one in predictions.results().items() if type(one) is int and one}
    assert not [name for name, (limit, one) in limits.items() if not isinstance(limit, tuple) and 0 < limit * one < 1]
    assert predictions.judge({FEW: "4", CORNERS: "7"}) == {FEW: True, CORNERS: False}


def test_a_share_is_judged_by_the_measured_value_not_by_one_rounded_to_tens():
    name = "per cent right on the moons without ReLU"                                  # 87.6 %
    assert [predictions.judge({name: guess})[name] for guess in ("78", "80", "96", "98")] == [False, True, True, False]


@pytest.mark.parametrize("guess, close", [((4, 0.8), True), ((3.9, 0.8), True), ((3.1, 0.65), True), ((4, 1), False), ((5, 0.8), False)])
def test_the_share_of_a_question_holds_for_each_of_several_numbers(guess, close):
    name = "multiplications saved in conv2 and conv1, transforms included"
    assert told(name, guess, (3.858, 0.8013)).startswith("✓" if close else "✗")
    assert predictions.judge({name: str(guess)}) == {name: close}


@pytest.mark.parametrize("guess, options, sentence", [
    ("about ten", {}, "'about ten' is not a number that I can read. Write a number"), ("60,000", {}, "can be read in two ways"),
    (True, {}, "True is not a number."), (float("nan"), {}, "nan is not a number"), (1 + 2j, {}, "is not a number"), ([], {}, "is not a number"),
    ({"a": 1}, {}, "is not a number"), (None, {}, "None is not a number"), (print, {}, "is not a number"), ("", {}, "is not a number"),
    ("conv", {"choices": LAYERS}, "'conv' is none of the choices. Write one of them in quotes: 'conv1', 'conv2', 'ip1', 'ip2'."),
    (3, {"choices": LAYERS}, "3 is none of the choices."), (None, {"choices": LAYERS}, "None is none of the choices."),
])
def test_what_is_no_guess_gets_one_sentence_and_the_result_appears(guess, options, sentence, capsys):
    check.predict(SIZE, guess, **options)
    said = capsys.readouterr().out
    assert said.startswith(f"✗ {SIZE}: ") and sentence in said and said.count("\n") == 1
    assert str(predictions.compared(SIZE, 18.4)).startswith(f"… {SIZE}: it is 18.4.\nWhy: ")
    assert not progress_store.predictions()


ASKED = {name: reason.numbers for name, reason in predictions.by_name().items() if reason.numbers}


@pytest.mark.parametrize("name, numbers", ASKED.items())
def test_where_the_question_says_how_many_numbers_another_count_is_no_guess(name, numbers, capsys):
    result = predictions.results()[name]
    assert len(result) == numbers and re.search(rf"\b{predictions.COUNTED[numbers]}\b", question_of(name))
    check.predict(name, result[1:])
    assert capsys.readouterr().out == f"✗ {name}: {predictions._counts(numbers - 1, numbers)}. Correct it and run the cell again.\n"
    assert str(predictions.compared(name, result)).startswith("…") and not progress_store.predictions()
    assert told(name, result, result).startswith("✓")


def test_how_many_axes_a_shape_has_is_part_of_the_guess(capsys):
    check.predict(SHAPE, (10_000, 28, 28))
    assert capsys.readouterr().out.startswith(f"{SHAPE}: you say")


def question_of(name):
    """The text before a prediction."""
    for path in NOTEBOOKS:
        cells = cells_of(path).cells
        for n, cell in enumerate(cells):
            if name in stored_outputs.calls(cell, "predict"):
                return cells[n - 1].source
    raise LookupError(name)


def test_a_number_with_a_comma(capsys):
    check.predict(SIZE, 60, 000)
    assert "Write 60000 without a comma" in capsys.readouterr().out


def test_without_a_guess(capsys):
    check.predict(SIZE, ...)
    assert capsys.readouterr().out == f"… {SIZE}: no guess yet.\n"
    check.compare(SIZE, 18.4)
    assert capsys.readouterr().out.startswith(f"… {SIZE}: it is 18.4.\nWhy: ")


def test_an_unknown_name():
    for call in (check.predict, check.compare):
        with pytest.raises(ValueError, match="There is no prediction 'x'"):
            call("x", 3)


def test_text_only_and_the_result_for_whoever_counts():
    data, metadata = predictions.compared(SHAPE, (1, 2))._repr_mimebundle_()
    assert list(data) == ["text/plain"] and metadata == {"lenet": {"prediction": SHAPE, "result": [1, 2]}}
    assert all(len(line) <= predictions.WIDE for line in data["text/plain"].splitlines())


# -------------------------------------------------------------------------------------------------------------------- progress


def test_only_the_first_guess_is_kept():
    told(SIZE, 25, 18.4)
    told(SIZE, 18.4, 18.4)
    assert progress_store.predictions() == {SIZE: {"guess": "25", "said": 25, "result": "18.4", "close": False,
                                                   "off": pytest.approx(0.3587, abs=1e-4), "seen": False}}


@pytest.mark.parametrize("name, first, second, result, options, told_of, verdict", [
    (SIZE, 60_000, 7, 7, {}, "60,000", "you said 60,000, it is 7:"), (SHAPE, (1, 2), (3, 4), (3, 4), {}, "(1, 2)", "you said (1, 2), it is (3, 4):"),
    (CHOICE, "ip1", "conv2", "conv2", {"choices": LAYERS}, "ip1", "you said ip1, the answer is conv2."),
])
def test_a_second_guess_is_told_that_the_first_one_counts(name, first, second, result, options, told_of, verdict, capsys):
    told(name, first, result, **options)
    capsys.readouterr()
    text = told(name, second, result, **options)
    assert capsys.readouterr().out == f"{name}: your first guess, {told_of}, is the one that counts. The cells below show the result.\n"
    assert verdict in text and text.startswith("✗")
    told(name, first, result, **options)
    assert "you say" in capsys.readouterr().out                                # the first guess once more: nothing to say about it


def test_a_guess_whose_result_comes_much_later_is_told_where(capsys):
    name = "minutes for 10,000 steps on this machine"
    for guess in (5, 7):
        told(name, guess, 1.7)
    assert capsys.readouterr().out.splitlines() == [
        f'{name}: you say 5. The result comes below, in the section "Sixty thousand".',
        f'{name}: your first guess, 5, is the one that counts. The result comes below, in the section "Sixty thousand".']
    for path in NOTEBOOKS:
        later = {one for cell in cells_of(path).cells if cell.metadata.get("lenet", {}).get("early") for one in stored_outputs.calls(cell, "predict")}
        named = {one: predictions.by_name()[one].section for one in REASONS.get(path.stem[:2], ()) if predictions.by_name()[one].section}
        assert later == {*named}
        headings = [line for cell in cells_of(path).cells if cell.cell_type == "markdown" for line in cell.source.splitlines()]
        assert all(f"## {section}" in headings for section in named.values())


def test_a_guess_that_is_corrected_before_the_result_is_shown_is_the_first_one(capsys):
    check.predict(SIZE, 25)
    assert "Right." in told(SIZE, 18.4, 18.4) and "counts" not in capsys.readouterr().out


@pytest.mark.parametrize("said", [None, [], {}, ["a"], [None], True])
def test_a_first_guess_that_cannot_be_read_is_not_used(said):
    told(SIZE, 25, 18.4)
    path = progress_store.folder() / "predictions.json"
    known = json.loads(path.read_text())
    known[SIZE]["said"] = said
    path.write_text(json.dumps(known))
    assert "Right." in told(SIZE, 18.4, 18.4)


def test_a_guess_after_the_result_was_seen_is_marked():
    predictions.compared(SIZE, 18.4)
    told(SIZE, 18.4, 18.4)
    assert progress_store.predictions()[SIZE]["seen"]
    assert "1 of them close (1 of them after the result was seen)" in repr(check.progress())


def test_progress_shows_how_the_guesses_come_closer():
    assert f"predictions: none of {len(NAMES)} made yet" in repr(check.progress())
    names = [name for name, reason in REASONS["05"].items() if not isinstance(reason, Reason)]          # judged within 10 %
    for guess, name in zip((30, 30, 30, 10, 30, 10, 10, 10, 11), names):
        told(name, guess, 10.0)
    text, page = repr(check.progress()), check.progress()._repr_html_()
    assert f"predictions: 9 of {len(NAMES)} made, 5 of them close. Of your first 4 guesses 1 were close, of the last 4 4." in text
    assert "05 5 of 9 close" in text and "<td" in page and "5 of 9 close" in page
    assert "(half of your estimates were within 10 %)" in text


@pytest.mark.parametrize("guess, said", [(10, "exact"), (10.02, "within 1 %"), (11.5, "within 15 %"),
                                         (20, "within 100 %"), (30, "off by more than 100 %")])
def test_progress_says_how_close_half_of_the_numbers_were(guess, said):
    names = [name for name, reason in REASONS["05"].items() if not isinstance(reason, Reason)]
    for name in names[:4]:
        told(name, guess, 10.0)
    assert f"05 {4 * (guess < 11)} of 4 close\n" in repr(check.progress()) + "\n"              # of four guesses a half says nothing
    told(names[4], guess, 10.0)
    assert f"05 {5 * (guess < 11)} of 5 close (half of your estimates were {said})" in repr(check.progress())


BY_HAND = {"largest entry of the first map": 14, "pixels of 16 with a slope of 0": 12, "one window of two channels": 20,
           "weights of ip1 that agree": 24, "weights of conv1 that agree": 4, "loss of the scores 0 and 1,000, on paper": 1000,
           "its second line at x = 2": -4,
           "linear regions without ReLU": 1, "corners of the boundary of three units, start 3": 6, "regions for 8 lines, by the formula": 37,
           "the rate 0.05 of a sum over 256, for the mean": 12.8, "the rate 0.0001 of a sum over 64, for the mean": 0.0064,
           "numbers of conv1, biases included": 520, "trainable parameters of C3": 1516}


@pytest.mark.parametrize("name, result", BY_HAND.items())
def test_what_is_exact_by_hand_is_judged_exactly(name, result):
    assert predictions.results()[name] == result
    assert predictions.by_name()[name].limit(result) == 0 and predictions.judge({name: str(result)}) == {name: True}
    assert predictions.judge({name: str(result * 15 / 14)}) == predictions.judge({name: str(result * 1.001)}) == {name: False}


def test_an_exact_product_is_right_whatever_the_last_digit_of_a_float_is():
    assert "Right." in told("the rate 0.0001 of a sum over 64, for the mean", 0.0001 * 64, 0.0064)


@pytest.mark.parametrize("content", ["", "[]", "{\"a\": 3}", "{\"a\": {\"guess\": 3}}", "\x00"])
def test_a_damaged_file_starts_anew(content):
    folder = progress_store.folder()
    folder.mkdir()
    (folder / "predictions.json").write_text(content)
    with pytest.warns(UserWarning, match="they start anew"):
        told(SIZE, 25, 18.4)
    assert list(progress_store.predictions()) == [SIZE]


def test_a_folder_that_cannot_be_written_loses_no_result(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LENET_PROGRESS", str(tmp_path / "file"))
    with pytest.warns(UserWarning, match="Progress is not kept"):
        assert "it is 18.4" in told(SIZE, 25, 18.4)


# ------------------------------------------------------------------------------------------------------------------- notebooks


def cells_of(path):
    return nbformat.read(path, 4)


def test_every_prediction_has_one_name_and_one_sentence_that_says_why():
    assert len(NAMES) == len({*NAMES}) >= 100
    for reason in predictions.by_name().values():
        assert reason.text.endswith(".") and len(reason.text.split()) <= 40
        assert reason.within[0] < reason.within[1] if isinstance(reason.within, tuple) else (reason.within or 0) < 0.5
        assert reason.factor is None or reason.within is None


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_cell_that_is_still_to_run_has_the_result_in_its_code(path):
    """A small number may stand for something else, and the question itself may name a number."""
    cells = cells_of(path).cells
    guessed = {name: n for n, cell in enumerate(cells) for name in stored_outputs.calls(cell, "predict")}
    shown = {name: n for n, cell in enumerate(cells) for name in stored_outputs.calls(cell, "compare")}
    for name, n in shown.items():
        numbers = {number for number in np.ravel(predictions.results()[name]).tolist() if not isinstance(number, str) and abs(number) >= 100}
        for cell in cells[guessed[name] + 1:n + 1]:
            written = {node.value for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Constant)} if cell.cell_type == "code" else {}
            assert not [number for number in numbers.intersection(written) if f"{number:,.0f}" not in name], f"{name}: cell {cell.id}"


@pytest.mark.parametrize("measured", ["times that a product is faster than loops", "times that im2col is faster, batch innermost",
                                      "error at m = 8 against m = 4"])
def test_a_guess_that_is_the_measured_number_is_close_on_every_machine(measured):
    for result in (0.5, 30, 4e6):
        assert predictions.judged(result, result, predictions.by_name()[measured].limit(result))[0]
        assert not predictions.judged(20 * result, result, predictions.by_name()[measured].limit(result))[0]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_prediction_has_its_result_in_a_later_cell_and_none_is_stored(path):
    notebook = cells_of(path)
    guessed = [(name, n) for n, cell in enumerate(notebook.cells) for name in stored_outputs.calls(cell, "predict")]
    shown = [(name, n) for n, cell in enumerate(notebook.cells) for name in stored_outputs.calls(cell, "compare")]
    assert sorted(name for name, _ in guessed) == sorted(name for name, _ in shown)
    assert {name for name, _ in guessed} == {*REASONS.get(path.stem[:2], ())}
    between = {name: n - dict(guessed)[name] for name, n in shown}
    early = {name for cell in notebook.cells if cell.metadata.get("lenet", {}).get("early") for name in stored_outputs.calls(cell, "predict")}
    assert all(1 <= steps <= 4 or name in early for name, steps in between.items()), between
    hidden = {cell.id for cell in stored_outputs.to_predict(notebook)}
    assert all(cell.id in hidden for cell in notebook.cells if stored_outputs.calls(cell, "compare"))
    for cell in stored_outputs.to_predict(notebook):
        assert not cell.outputs, cell.id
    kept = json.loads((stored_outputs.OUTPUTS / f"{path.stem}.json").read_text()) if guessed else {}
    assert {*kept} == {cell.id for cell in stored_outputs.to_predict(notebook)}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_every_guess_is_open_and_can_be_right(path):
    for cell in cells_of(path).cells:
        for name in stored_outputs.calls(cell, "predict"):
            call, = (node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Call) and ast.literal_eval(node.args[0]) == name)
            result, choices = predictions.results()[name], [ast.literal_eval(keyword.value) for keyword in call.keywords]
            assert ast.literal_eval(call.args[1]) is ...
            assert (result in choices[0]) if choices else not isinstance(result, str), name


FOLDED = re.compile(r"<details>.*?</details>", re.S)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_nothing_on_the_same_screen_gives_a_number_away(path):
    """The cells from a prediction to the one after its result do not have its number, unless the question has it; what is folded away may."""
    cells = cells_of(path).cells
    for n, cell in enumerate(cells):
        for name in stored_outputs.calls(cell, "predict"):
            result = predictions.results()[name]
            last = next(m for m in range(n + 1, len(cells)) if name in stored_outputs.calls(cells[m], "compare"))
            shown = predictions._in_words(result)
            if isinstance(result, (int, float)) and len(shown.strip("-").replace(".", "").replace(",", "")) > 2:
                around = cells[n + 1:last + 2]
                pattern = rf"(?<![\d.]){re.escape(shown).replace(',', ',?')}(?![\d])"
                if re.search(pattern, cells[n - 1].source.replace(",", "")):
                    continue
                texts = [FOLDED.sub("", one.source) for one in around] + [str(one.get("outputs", "")) for one in around]
                found = [text for text in texts if re.search(pattern, text)]
                assert not found, (name, shown, found[0][:300])


def test_what_was_taken_out_can_be_put_back_and_is_the_only_copy(tmp_path, monkeypatch):
    path = stored_outputs.NOTEBOOKS / "01_toy_network.ipynb"
    notebook = cells_of(path)
    stored_outputs.put_back(notebook, path.stem)
    assert all(cell.outputs and cell.execution_count for cell in stored_outputs.to_predict(notebook))
    monkeypatch.setattr(stored_outputs, "OUTPUTS", tmp_path / "outputs")
    stored_outputs.take_out(notebook, path.stem)
    assert notebook == cells_of(path)
    name = f"{path.stem}.json"
    assert json.loads((tmp_path / "outputs" / name).read_text()) == json.loads((path.parent.parent / "results" / "outputs" / name).read_text())


def test_what_was_printed_in_pieces_is_stored_as_one():
    def printed(text, name="stdout"):
        return nbformat.v4.new_output("stream", name=name, text=text)

    shown = nbformat.v4.new_output("display_data", {"text/plain": "a figure"})
    cell = nbformat.v4.new_code_cell(outputs=[printed("airplane"), printed("\n"), printed("a warning", "stderr"), shown, printed("bird\n")])
    stored_outputs.join_printed(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("text"), cell]))
    assert cell.outputs == [printed("airplane\n"), printed("a warning", "stderr"), shown, printed("bird\n")]


@pytest.mark.parametrize("path", sorted(stored_outputs.NOTEBOOKS.glob("*.ipynb")), ids=lambda path: path.stem)
def test_a_stored_notebook_has_the_picture_and_the_text_of_a_widget_and_no_widget(tmp_path, monkeypatch, path):
    notebook = nbformat.read(path, 4)
    kept = stored_outputs.WIDGETS / f"{path.stem}.json"
    assert "widgets" not in notebook.metadata and stored_outputs.VIEW not in path.read_text(encoding="utf-8")
    stored_outputs.put_back(notebook, path.stem)
    stored_outputs.put_widgets_back(notebook, path.stem)
    shown = [output for cell in notebook.cells for output in cell.get("outputs", ()) if stored_outputs.VIEW in output.get("data", {})]
    assert len(shown) == (sum(map(len, json.loads(kept.read_text(encoding="utf-8")).values())) if kept.is_file() else 0)
    for n, output in enumerate(shown):
        state = output.data[stored_outputs.VIEW]
        assert output.metadata["image/png"]["alt"] and len(output.data["text/plain"]) > 10 and not {*stored_outputs.CODE} & state.keys()
        notebook.metadata.setdefault("widgets", {stored_outputs.STATE: {"state": {}}})[stored_outputs.STATE]["state"][str(n)] = {
            "state": state | {"_esm": "code"}}
        output.data[stored_outputs.VIEW] = {"model_id": str(n)}
    monkeypatch.setattr(stored_outputs, "WIDGETS", tmp_path)
    stored_outputs.take_widgets_out(notebook, path.stem)
    assert [one.read_text() for one in tmp_path.glob("*.json")] == ([kept.read_text()] if kept.is_file() else [])


def test_a_page_of_nbconvert_shows_the_pictures_of_widgets_without_a_network():
    page = HTMLExporter().from_filename(str(stored_outputs.NOTEBOOKS / "07_look_inside.ipynb"))[0]
    assert page.count("data:image/png;base64") >= 4 and "widget-view+json" not in page


def test_no_output_that_was_taken_out_is_a_warning_or_an_error():
    outputs = [output for path in stored_outputs.OUTPUTS.glob("*.json") for kept in json.loads(path.read_text()).values() for output in kept]
    assert outputs and not [output for output in outputs if output.get("name") == "stderr" or output["output_type"] == "error"]


def test_the_results_are_those_of_the_outputs(tmp_path, monkeypatch):
    assert [*predictions.results()] == NAMES
    monkeypatch.setattr(stored_outputs, "PREDICTED", tmp_path / "predicted.json")
    stored_outputs.write_predicted()
    assert json.loads((tmp_path / "predicted.json").read_text()) == predictions.results()


# -------------------------------------------------------------------------------------------------------------------- the class


def test_the_share_of_close_guesses_of_a_class(tmp_path, capsys, grading_folder):
    toy = {"toy_05": "check.toy(5, 4)"}
    work = {"a": 'predict("largest entry of the first map", 14)\npredict("the row v", (8, 14, 7, 7, 14, 14, 11, 11))',
            "b": 'predict("largest entry of the first map", 7 * 2)\npredict("the row v", ...)',
            "c": 'check.predict("largest entry of the first map", 10)\npredict("no such name", 3)\npredict("dJ/ds(1)", 10 ** 10 ** 10)',
            "d": 'predict("largest entry of the first map", "14")\n'
                 'predict("the three conventions agree about the sign", "No", choices=("yes", "no"))'}
    folder, out = tmp_path / "class", tmp_path / "out"
    folder.mkdir()
    for name, source in work.items():
        write_notebook(folder / f"{name}.ipynb", [*toy.items(), ("guess", source)])
    assert main(["--statistics", str(folder), "--out", str(out), "--seed", "2"]) == 0
    assert "largest entry of the first map" in capsys.readouterr().out
    with (out / "predictions.csv").open(newline="") as file:
        lines = {line["prediction"]: [line[key] for key in ("notebook", "guesses", "close", "share close")] for line in csv.DictReader(file)}
    assert lines == {"largest entry of the first map": ["01", "4", "3", "0.75"], "the row v": ["01", "1", "1", "1.0"],
                     "the three conventions agree about the sign": ["01", "1", "1", "1.0"]}
