"""The homework's seven functions in Octave: read, run behind the same walls, and judged by the same cases.

What starts Octave is skipped where it is not installed; the first test says how that is told.
"""

import io
import tarfile

import numpy as np
import pytest

from lenet_lab import check, handout, octave
from lenet_lab.check import octave_files
from lenet_lab.check.errors import explained
from lenet_lab.grade import grading, sandbox, submission, walls
from lenet_lab.grade.sandbox import Limits
from lenet_lab.octave import process as octave_process, values

from . import octave_work, test_grade
from .octave_work import RIGHT, STOPS, WRONG, changed, with_line

needs_octave = pytest.mark.skipif(octave.program() is None, reason="GNU Octave is not installed (Debian: apt-get install octave)")
pytestmark = pytest.mark.usefixtures("progress")
how = test_grade.how                     # the fixture: all levels of isolation


@pytest.fixture
def progress(tmp_path, monkeypatch):
    monkeypatch.setenv("LENET_PROGRESS", str(tmp_path / "progress"))


@pytest.fixture(scope="module")
def process(tmp_path_factory):
    """One Octave for all functions that are checked without walls: to start it takes as long as to check a function."""
    started = octave.Octave(tmp_path_factory.mktemp("pipes"))
    started.start(octave.program())
    assert started.ready() is None
    yield started
    started.close()


@pytest.fixture
def checked(process, tmp_path):
    """checked(name, text): the verdict on a .m file."""
    def verdict(name, text, seed=0):
        (tmp_path / f"{name}.m").write_text(text)
        return octave_files.examined(name, lambda *call: process.call(tmp_path, name, *call), seed)
    return verdict


def graded(folder, files, seed=1, limits=None, how=None):
    """{exercise: Row} and the notes of a folder with these files."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / name).write_text(text)
    result = grading.grade(submission.read(folder), seed, limits or Limits(), how=how)
    return {row.item.exercise: row for row in result.rows}, result.notes


EXERCISES = [handout.IN_OPS.get(name, name) for name in octave.SEVEN_FILES]


# --------------------------------------------------------------------------------------------------------------- without Octave


def test_without_octave_one_sentence_says_so(tmp_path, monkeypatch):
    (tmp_path / "relu_forward.m").write_text(RIGHT["relu_forward"])
    monkeypatch.setattr("shutil.which", lambda name, *_, **__: None)
    verdict = check.octave(tmp_path / "relu_forward.m")
    assert not verdict.passed and verdict.text == octave.MISSING
    rows, _ = graded(tmp_path, {})
    assert rows["relu_forward"].text == f"relu_forward.m was not run. {octave.MISSING}" and rows["relu_forward"].points == 0


def test_a_file_that_is_no_function_is_told_apart(tmp_path):
    def said(text):
        (tmp_path / "sgd_momentum.m").write_text(text)
        return check.octave(tmp_path / "sgd_momentum.m")

    script = said("x = 3;\n" + RIGHT["sgd_momentum"])
    assert script.misconception == "script file" and "`function [params_, param_winc_] = sgd_momentum(w_rate, b_rate, mu" in script.text
    assert said("classdef sgd_momentum\nend\n").misconception == "class for function"
    assert not said("% to be written\n%{\nfunction a = b(c)\n%}\n#{\nx\n#}\n").written
    assert "There is no file" in check.octave(tmp_path / "relu_backward").text
    with pytest.raises(ValueError, match="There is no exercise 'soft.m'; there are: pooling_layer_forward.m"):
        check.octave(tmp_path / "soft.m")


@pytest.mark.parametrize("name", octave.SEVEN_FILES)
def test_the_first_line_that_is_proposed_is_one_of_the_handout(name):
    assert RIGHT[name].split("\n")[0].replace("[output]", "output").replace("[input_od] =", "input_od =") in octave_files.unusable(
        name, "x = 3;", f"{name}.m").text


@pytest.mark.parametrize(("name", "function"), [
    ("relu_forward.m", "relu_forward"), ("hw7/Relu_Forward.M", "relu_forward"), ("pooling_layer_backwawrd.m", "pooling_layer_backward"),
    ("relu_forward.py", None), ("relu.m", None), ("max_pool_forward.m", None)])
def test_a_file_is_the_function_of_its_name(name, function):
    assert octave.name_of_file(name) == function


def test_images_come_in_octaves_order_and_go_back(monkeypatch):
    x = np.random.default_rng(0).standard_normal((2, 3, 4, 5))                    # (N, C, H, W)
    seen = {}

    def call(arguments, outputs):
        seen.update(input=arguments[0], layer=arguments[1])
        return [{**arguments[0], "height": np.array([[4.0]]), "width": np.array([[5.0]]), "channel": np.array([[3.0]]),
                 "batch_size": np.array([[2.0]])}]

    out = handout.adapted("relu_forward", octave.as_handout("relu_forward", call))(x)[0]
    column = seen["input"]["data"][:, 1].reshape((4, 5, 3), order="F")            # as reshape(data(:, 2), 4, 5, 3) in Octave
    np.testing.assert_array_equal(column[:, :, 2], x[1, 2])
    np.testing.assert_array_equal(out, x)


@pytest.mark.parametrize("value", [b"", b"d", b"x\0\0\0\0", b"d\2\0\0\0\1\0\0\0\1\0\0\0", b"C\1\0\0\0\xff\xff\xff\xff", b"i\3\0\0\0abc\0\0\0\0",
                                   b"C\1\0\0\0\1\0\0\0" * 50, b"S\xff\xff\xff\xff", b"d\3\0\0\0" + b"\xff" * 12])
def test_bytes_that_are_no_value_are_garbled(value):
    with pytest.raises(values.Garbled):
        values.unpacked(value)


def test_of_several_files_one_counts_and_it_is_said_which(tmp_path):
    (tmp_path / "hw7").mkdir()
    (tmp_path / "old").mkdir()
    for name in ("relu_forward", "relu_backward"):
        (tmp_path / "hw7" / f"{name}.m").write_text(RIGHT[name])
    (tmp_path / "old" / "relu_forward.m").write_text(changed("relu_forward", "max", "min"))
    (tmp_path / "hw7" / "sgd_momentum (1).m").write_text(RIGHT["sgd_momentum"])
    found = submission.read(tmp_path)
    assert found.works["relu_forward"].place == "hw7/relu_forward.m"
    assert found.works["relu_forward"].notes == ("It is there more than once; hw7/relu_forward.m counts. Look at it.",)
    assert found.notes == ("hw7/sgd_momentum (1).m was read as sgd_momentum.m. Octave itself finds a function by the name of its file.",)
    assert found.files["hw7/sgd_momentum.m"].decode() == RIGHT["sgd_momentum"]


# ------------------------------------------------------------------------------------------------------------- run without walls


@needs_octave
def test_values_come_back_as_they_went(process, tmp_path):
    (tmp_path / "same.m").write_text("function y = same(x)\ny = x;\nend\n")
    rng = np.random.default_rng(1)
    value = {"d": rng.standard_normal((2, 3)), "s": rng.standard_normal((3, 1)).astype(np.float32), "l": np.array([[True, False]]),
             "e": np.zeros((0, 4)), "three": rng.standard_normal((2, 3, 4)), "text": "Grüße", "n": 2.5, "cell": {1: {"w": np.ones((2, 2))}, 2: "b"}}
    got, = process.call(tmp_path, "same", [value], 1)
    assert list(got) == list(value) and got["text"] == "Grüße" and got["n"] == 2.5 and got["cell"][1] == "b"
    for key in ("d", "s", "l", "e", "three"):
        np.testing.assert_array_equal(got[key], value[key])
        assert got[key].dtype == value[key].dtype
    np.testing.assert_array_equal(got["cell"][0]["w"], np.ones((2, 2)))


@needs_octave
def test_the_functions_that_the_handout_provides_agree_with_ours(process, tmp_path):
    (tmp_path / "both.m").write_text("function [col, im] = both(x, layer, h, w)\ncol = reshape(im2col_conv(x, layer, h, w), 8, h*w);\n"
                                     "im = col2im_conv(col(:), x, layer, h, w);\nend\n")
    x = np.random.default_rng(2).standard_normal((1, 2, 4, 5))
    layer = {"k": 2, "stride": 1, "pad": 1}
    image = {"height": 4, "width": 5, "channel": 2, "data": x[0].transpose(1, 2, 0).ravel(order="F").reshape(-1, 1)}
    col, im = process.call(tmp_path, "both", [image, layer, 5, 6], 2)
    ours = check.EXERCISES["im2col"].right(x, 2, 1, 1)[0].reshape(2, 2, 2, 5, 6)              # (c, row, column, h, w)
    np.testing.assert_array_equal(col.reshape((2, 2, 2, 5, 6), order="F"), ours.transpose(1, 2, 0, 3, 4))
    padded = np.pad(np.ones((4, 5)), 1)
    inside = sum(padded[i:i + 5, j:j + 6] for i in range(2) for j in range(2))                # of each window, only to see that some are cut
    assert inside.min() == 1
    np.testing.assert_allclose(im, 4 * x[0].transpose(1, 2, 0))


@needs_octave
@pytest.mark.parametrize("name", RIGHT)
def test_right_functions_pass(checked, name):
    verdict = checked(name, RIGHT[name], seed=5)
    assert verdict.passed, verdict.text
    assert (octave_files.TIES in verdict.text) == (name == "pooling_layer_backward") and "Note: it uses" not in verdict.text


@needs_octave
def test_ties_in_reading_order_pass_too_and_are_not_told(checked):
    verdict = checked("pooling_layer_backward", octave_work.in_reading_order())
    assert verdict.passed and octave_files.TIES not in verdict.text


@needs_octave
@pytest.mark.parametrize(("name", "text", "misconception"), WRONG, ids=[f"{name}: {misconception}" for name, _, misconception in WRONG])
def test_wrong_functions_are_named(checked, name, text, misconception):
    verdict = checked(name, text)
    assert not verdict.passed and verdict.misconception == misconception, verdict.text


@needs_octave
@pytest.mark.parametrize(("line", "name", "words"), STOPS, ids=[line for line, _, _ in STOPS])
def test_octaves_errors_are_told_in_plain_words(process, tmp_path, line, name, words):
    (tmp_path / "relu_forward.m").write_text(with_line(line))
    function = octave.as_handout("relu_forward", lambda *call: process.call(tmp_path, "relu_forward", *call))
    with pytest.raises(octave.OctaveError) as caught:
        function(handout.as_maps(np.ones((2, 1, 2, 3))), {"type": "RELU"})
    found, text = explained(caught.value)
    assert found == name and words in text, text


@needs_octave
def test_an_error_stands_in_the_verdict_with_its_line_and_case(checked):
    verdict = checked("relu_forward", with_line("x = hepler(3);"))
    assert verdict.misconception == "unknown name" and verdict.text == (
        "The name `hepler` is not known here: it has no value yet, and there is no function of this name. Octave says: 'hepler' undefined "
        "(line 7 of relu_forward.m) (with x [[-1.0, 2.0], [0.0, -3.0]]).")


# Texts of Octave 11.3, which are others than those of Octave 7.3.
@pytest.mark.parametrize(("said", "name", "words"), [
    ("syntax error near line 2, column 32 in file {folder}/relu_forward.m", "syntax error", "at: y = max(x, 0; (line 2 of relu_forward.m)"),
    ("'padarray' undefined near line 4, column 10\n\nThe 'padarray' function belongs to the 'image' package indexed in Octave\nPackages at "
     "<https://packages.octave.org> which seems not to be installed on\nyour system.", "package", "`padarray` belongs to the package image"),
    ("element number 1 undefined in return list", "nothing returned", "Value 1 of those that the first line"),
    ("value on right hand side of assignment is undefined", "nothing returned", "fewer values"),
], ids=["syntax", "package", "return list", "assignment"])
def test_errors_of_a_later_octave_are_told_too(tmp_path, said, name, words):
    (tmp_path / "relu_forward.m").write_text("function y = relu_forward(x)\ny = max(x, 0;\nend\n")
    found, text = explained(octave.OctaveError(octave_process._said({"message": said.format(folder=tmp_path)}, "relu_forward")))
    assert found == name and words in text, text


@needs_octave
def test_a_syntax_error_is_told_with_its_line(checked):
    verdict = checked("relu_forward", changed("relu_forward", "(input.data, 0)", "(input.data, 0"))
    assert verdict.misconception == "syntax error" and "output.data = max(input.data, 0; (line 6 of relu_forward.m)" in verdict.text


@needs_octave
@pytest.mark.parametrize("text", [
    changed("relu_forward", "relu_forward(", "my_relu("),
    changed("relu_forward", "max(input.data, 0)", "cut(input.data)") + "\nfunction y = cut(x)\n  y = max(x, 0);\nend\n",
    changed("relu_forward", "max(input.data, 0)", "single(max(input.data, 0))"),
    changed("relu_forward", "max(input.data, 0)", "sparse(max(input.data, 0))"),
    changed("relu_forward", "output.height", "fclose all; close all; clc; clear functions;\ninput.data(1) += 0;\noutput.height"),
    changed("relu_forward", ";\nend", "\nend"),                                      # it prints
    RIGHT["relu_forward"].replace("end\n", ""),
], ids=["another name", "helper in the file", "single", "sparse", "clears", "prints", "without end"])
def test_unusual_right_functions_pass(checked, text):
    assert checked("relu_forward", text).passed


@needs_octave
@pytest.mark.parametrize("coded", [
    lambda text: b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode(), lambda text: text.replace("\n", "\r\n").encode("utf-16"),
    lambda text: text.replace("\n", "\r").encode(), lambda text: ("% f\xfcr Octave\n" + text).encode("latin-1")],
    ids=["mark and Windows", "UTF-16", "old Macintosh", "Latin 1"])
def test_the_notebooks_check_reads_every_editors_files(tmp_path, coded):
    (tmp_path / "cut.m").write_text("function y = cut(x)\n  y = max(x, 0);\nend\n")        # a helper beside it
    (tmp_path / "relu_forward.m").write_bytes(coded(changed("relu_forward", "max(input.data, 0)", "cut(input.data)")))
    before = check.own("relu_forward")
    verdict = check.octave(tmp_path / "relu_forward.m")
    assert verdict.passed and check.progress() and (tmp_path / "progress" / "relu_forward.json").exists()
    assert check.own("relu_forward") is before                                       # a notebook cannot call the one in the file


@needs_octave
def test_the_notebooks_check_survives_what_ends_octave_or_never_ends(tmp_path, monkeypatch):
    (tmp_path / "relu_forward.m").write_text(with_line("exit;"))
    assert check.octave(tmp_path / "relu_forward.m").text.startswith("It ended Octave (exit or quit)")
    monkeypatch.setattr("lenet_lab.check.engine.SECONDS", 1)
    (tmp_path / "relu_forward.m").write_text(with_line("while true, disp('again'); end"))
    assert check.octave(tmp_path / "relu_forward.m").misconception == "endless"


# ------------------------------------------------------------------------------------------------------------------ behind walls


@pytest.fixture
def outside(open_folder):
    """A folder that every user may write to, unless walls keep him from it."""
    folder = open_folder / "outside"
    folder.mkdir()
    folder.chmod(0o777)
    (folder / "kept").touch()
    yield folder
    (folder / "kept").unlink()
    folder.rmdir()                                                                    # nothing else may be in it


@needs_octave
@pytest.mark.usefixtures("grading_folder")
class TestGrading:
    def test_an_octave_that_does_not_start_is_told_and_the_rest_is_graded(self, tmp_path, monkeypatch):
        monkeypatch.setattr(sandbox.octave, "program", lambda: "/bin/false")
        (tmp_path / "work").mkdir()
        test_grade.write_notebook(tmp_path / "work" / "work.ipynb", [("relu_forward", "def relu_forward(x):\n    return np.maximum(x, 0), x")])
        rows, _ = graded(tmp_path / "work", {"relu_backward.m": RIGHT["relu_backward"]})
        assert rows["relu_forward"].status == grading.PASSED
        assert rows["relu_backward"].text.startswith("GNU Octave could not be started: Octave ended by itself, with exit status 1")

    def test_a_tar_as_the_homework_asks_for_gets_all_marks(self, tmp_path):
        with tarfile.open(tmp_path / "hw7.tar", "w") as tar:
            for name, text in RIGHT.items():
                content = text.replace("\n", "\r\n").encode()
                member = tarfile.TarInfo(f"hw7/{name.replace('backward', 'backwawrd') if name.startswith('pool') else name}.m")
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
        result = grading.grade(submission.read(tmp_path / "hw7.tar"), 7)
        assert sum(row.points for row in result.rows) == 73, [row.text for row in result.rows]
        assert "pooling_layer_backwawrd.m was read as pooling_layer_backward.m" in result.notes[0]

    def test_every_level_with_walls_runs_octave(self, tmp_path, how):
        rows, _ = graded(tmp_path / "work", {"relu_backward.m": RIGHT["relu_backward"]}, how=how)
        if how == "limits":
            assert "at the weak level of isolation nothing keeps Octave from other files" in rows["relu_backward"].text
        else:
            assert rows["relu_backward"].status == grading.PASSED, rows["relu_backward"].text

    @pytest.mark.parametrize("how", walls.WALLS, indirect=True)
    def test_what_reaches_for_the_machine_reaches_nothing(self, tmp_path, how, outside):
        rows, _ = graded(tmp_path / "work", {f"{name}.m": text for name, text in octave_work.hostile(outside).items()}, how=how)
        assert [path.name for path in outside.iterdir()] == ["kept"]
        assert not any("reached" in row.text for row in rows.values())
        assert rows["relu_forward"].status == "passed"                                  # it could not write, and went on

    def test_what_ends_or_never_ends_takes_no_marks_from_the_others(self, tmp_path):
        files = {"relu_forward": with_line("while true, end"), "relu_backward": "function a = relu_backward(b, c, d)\nexit(3);\nend\n",
                 "sgd_momentum": RIGHT["sgd_momentum"], "inner_product_forward": "x = 3;\n"}
        rows, _ = graded(tmp_path / "work", {f"{name}.m": text for name, text in files.items()}, limits=Limits(seconds=2))
        assert rows["relu_forward"].misconception == "endless"
        assert rows["relu_backward"].text == "Octave ended by itself, with exit status 3."
        assert rows["inner_product_forward"].misconception == "script file"
        assert rows["sgd_momentum"].points == 7 and rows["max_pool_forward"].status == grading.MISSING

    def test_a_python_and_an_octave_answer(self, tmp_path):
        folder = tmp_path / "work"
        folder.mkdir()
        test_grade.write_notebook(folder / "work.ipynb", [
            ("relu_forward", "def relu_forward(x):\n    return np.maximum(x, 0), x"),
            ("relu_backward", "def relu_backward(dout, cache):\n    return dout"),
            ("sgd_momentum", "def sgd_momentum(p, v, dp, lr, mu=0.9, decay=0.0):\n    ...")])
        rows, notes = graded(folder, {f"{name}.m": RIGHT[name] for name in ("relu_forward", "relu_backward", "sgd_momentum")})
        assert [rows[name].status for name in ("relu_forward", "relu_backward", "sgd_momentum")] == [grading.PASSED] * 3
        assert set(notes) == {
            "relu_forward: It is there in Python and in Octave. work.ipynb, code cell 2 counts, since it passes; relu_forward.m was not looked at.",
            "relu_backward: It is there in Python and in Octave. relu_backward.m counts, since it passes and work.ipynb, code cell 3 does not.",
            "sgd_momentum.m counts, in Octave: work.ipynb, code cell 4 is not written."}
