"""The twelve questions before and after: two parallel forms, what is kept, what a class has gained."""

import csv

import pytest

from lenet_lab import check
from lenet_lab.check import concept_test, progress_store
from lenet_lab.grade import statistics
from lenet_lab.grade.terminal import main

from .test_grade import write_notebook
from .test_lesson_links import NOTEBOOKS, texts


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("LENET_PROGRESS", str(tmp_path / "progress"))


def letters(when, wrong=()):
    """The right letters of a form, with others at some places."""
    return "".join("abcd"[(one.right + (n in wrong)) % 4] for n, one in enumerate(concept_test.form(when)))


def test_the_forms_are_parallel_and_the_same_for_everyone():
    before, after = concept_test.form("before"), concept_test.form("after")
    assert len(before) == 12 and before == concept_test.form("before")
    for one, other in zip(before, after):
        assert one.topic == other.topic and one.text != other.text
        assert len({*one.choices}) == len({*other.choices}) == 4
    assert len({one.right for one in before}) > 2                                # not always the same letter


def test_the_right_answers_by_hand():
    right = {one.text: one.choices[one.right] for when in concept_test.FORMS for one in concept_test.form(when)}
    assert right["A convolution has 6 filters. Its input has 4 channels. How many maps does its output have?"] == "6"
    assert right["The filter (2, 5) lies on the pixels (3, 4). Which number does the layer of a network compute?"] == "26"
    assert right["θ = 0.9 θ + 0.01 · gradient, w = w - θ. The gradient stays at 1 for a long time. How long does a step become?"] == "0.1"
    assert right["With the mean of the loss over a batch of 64, the rate 0.64 works. Which rate takes the same steps with the sum?"] == "0.01"


def test_a_form_for_an_examination(capsys):
    exam = concept_test.form(90417)
    assert exam == concept_test.form(90417) and [one.topic for one in exam] == [*concept_test.TOPICS]
    assert len({str(concept_test.form(seed)) for seed in range(20)}) == 20
    assert not any(str(concept_test.form(seed)) == str(concept_test.form(when)) for seed in range(20) for when in concept_test.FORMS)
    assert concept_test.main(["90417"]) == 0
    paper = capsys.readouterr().out
    assert paper.count("   d) ") == 12 and all(choice in paper for one in exam for choice in one.choices)
    assert concept_test.main(["90417", "--key"]) == 0
    key = capsys.readouterr().out.strip()
    assert all(concept_test.marks(90417, key)) and concept_test.marks(90417, "-" + key[1:]) == [False] + 11 * [True]


@pytest.mark.parametrize("when", [90417, True, "exam", None])
def test_a_notebook_shows_no_form_but_the_two(when):
    with pytest.raises(ValueError, match='"before" notebook 01 or "after"'):
        check.concepts(when, ...)


def test_what_was_learned(capsys):
    check.concepts("before", ...)
    shown = capsys.readouterr().out
    assert shown.count("   d) ") == 12 and "12. " in shown
    check.concepts("before", letters("before", wrong=(0, 1, 2)))
    assert "Kept." in capsys.readouterr().out                                    # and not which were right
    check.concepts("after", letters("after", wrong=(2, 3)))
    said = capsys.readouterr().out
    assert said.startswith("9 of 12 right before, 10 of 12 after.") and "learned:    sizes" in said
    assert "  look again: shared weights → 02, Where the work is\n" in said
    assert "  look again: filters are not turned → 02, Convolution: the definition (right before)\n" in said
    assert "known:      momentum" in said and "momentum →" not in said


def test_only_the_first_answers_count_and_the_student_is_told(capsys):
    check.concepts("before", letters("before", wrong=(0, 1, 2)))
    kept = capsys.readouterr().out
    check.concepts("before", letters("before", wrong=(0, 1, 2)))                 # the cell runs once more
    assert capsys.readouterr().out == kept
    check.concepts("before", letters("before"))
    assert capsys.readouterr().out == kept.replace("Kept.", "Only your first answers count.")     # and not how many are right
    check.concepts("after", letters("after", wrong=range(5)))
    table = capsys.readouterr().out
    check.concepts("after", letters("after"))
    assert capsys.readouterr().out == f"Of these, 12 of 12 are right, but only your first answers count:\n{table}"
    check.concepts("after", letters("after", wrong=range(5)))
    assert capsys.readouterr().out == table
    assert progress_store.concepts() == {"before": [False] * 3 + [True] * 9, "after": [False] * 5 + [True] * 7}


def test_who_answered_only_after_the_lessons_sees_what_is_right_and_where_to_read(capsys):
    check.concepts("after", letters("after", wrong=(8,)))
    said = capsys.readouterr().out
    assert said.startswith("11 of 12 are right.\n  right:      sizes\n") and "before" not in said
    assert "  look again: a kink → 04, A kink is not a bug\n" in said and said.count("right: ") == 11
    check.concepts("after", letters("after"))
    assert capsys.readouterr().out == f"Of these, 12 of 12 are right, but only your first answers count:\n{said}"


@pytest.mark.parametrize("when, said", [("before", "The same questions"), ("after", "12 of 12 are right.")])
def test_answers_that_cannot_be_kept_are_not_said_to_be(when, said, tmp_path, monkeypatch, capsys):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LENET_PROGRESS", str(tmp_path / "file"))
    with pytest.warns(UserWarning, match="Progress is not kept"):
        check.concepts(when, letters(when))
    assert capsys.readouterr().out.startswith(said)


def test_every_topic_names_a_heading_where_it_is_taught():
    assert [*concept_test.PLACES] == [*concept_test.TOPICS]
    for number, heading in concept_test.PLACES.values():
        path, = NOTEBOOKS.glob(f"{number}_*.ipynb")
        assert f"## {heading}" in {line for text in texts(path.name) for line in text.splitlines()}


@pytest.mark.parametrize("answer", ["abc", "abcdabcdabce", 7, None, "", ("a",) * 12])
def test_other_answers_get_one_sentence_and_nothing_is_kept(answer, capsys):
    check.concepts("after", answer)
    assert capsys.readouterr().out.strip() == "Write 12 letters from a to d in quotes, one for each question; - stands for no answer."
    assert not progress_store.concepts()


def test_another_form():
    with pytest.raises(ValueError, match='"before" notebook 01 or "after" notebook 05'):
        check.concepts("between")


@pytest.mark.parametrize("content", ["", "[]", "{\"before\": [true]}", "{\"before\": 3}"])
def test_a_damaged_file_starts_anew(content):
    progress_store.folder().mkdir()
    (progress_store.folder() / "concepts.json").write_text(content)
    with pytest.warns(UserWarning, match="start anew"):
        check.concepts("before", "a" * 12)
    assert list(progress_store.concepts()) == ["before"]


def test_the_gain_of_a_class(tmp_path, grading_folder):
    work = {"a": ((0, 1), ()), "b": ((0,), (5,)), "c": ((), (1,)), "d": None}
    folder, out = tmp_path / "class", tmp_path / "out"
    folder.mkdir()
    for name, wrong in work.items():
        cells = [(None, f'check.concepts("{when}", "{letters(when, places)}")') for when, places in zip(concept_test.FORMS, wrong or ())]
        write_notebook(folder / f"{name}.ipynb", [("toy_05", "check.toy(5, 4)"), *cells])
    assert main(["--statistics", str(folder), "--out", str(out), "--seed", "2"]) == 0
    with (out / "concepts.csv").open(newline="") as file:
        lines = {line["topic"]: line for line in csv.DictReader(file)}
    # sizes: two of three learned: gains 1, 1, 0 with the mean 2/3 and the deviation 0.577; shared by three: 0.333 · 1.96
    assert [lines["sizes"][key] for key in ("students", "right before", "right after", "gain", "from", "to")] == [
        "3", "0.333", "1.0", "0.667", "0.013", "1.32"]
    assert lines["what a filter sums over"]["gain"] == "0.0" and lines["ReLU at 0"]["gain"] == "-0.333"


def test_one_student_has_no_interval():
    one = {"concepts": {when: [True] * 12 for when in concept_test.FORMS}}
    assert statistics.gains([one])[0]["from"] is None and statistics.gains([]) == []
