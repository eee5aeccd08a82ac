"""The check of the environment: every problem provoked, each told in one sentence that says what to do."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lenet_core.data import MNIST_FILES
from lenet_lab.course import environment
from lenet_lab.course.environment import check_environment

from .ordinary_user import as_ordinary_user

CURE = r"(: (close|install|put|make)|; (put|name|download|unpack|check)|, or name another)"


@pytest.fixture(autouse=True)
def without_data(monkeypatch, request):
    """No test looks for data unless it says where: in an empty cache, or where MNIST is."""
    if not {"empty_cache", "mnist"} & {*request.fixturenames}:
        monkeypatch.setattr(environment, "_mnist", list)
        monkeypatch.setattr(environment, "_cifar10", list)


def the_problem():
    """The one problem there is, which must be one sentence with a cure."""
    found = check_environment()
    assert len(found.problems) == 1, found
    sentence = found.problems[0]
    assert sentence.endswith(".") and not re.search(r"[.!?] [A-Z]|\n", sentence), sentence
    assert re.search(CURE, sentence), sentence
    assert sentence in " ".join(str(found).split()) and str(found).count("✗ mend") == 1 and "Nothing to mend" not in str(found)
    return sentence


def test_where_all_is_well_it_says_so():
    found = check_environment()
    assert not found.problems and str(found).endswith("Nothing to mend.") and "✗" not in str(found)
    looked_at = [finding.what for finding in found.findings]
    assert looked_at == ["Python", "workbook", "packages", "widgets", "processors", "memory", "progress"]


@pytest.mark.parametrize("version", ["3.10.14", "3.16.0"])
def test_another_python(monkeypatch, version):
    monkeypatch.setattr("platform.python_version", lambda: version)
    sentence = the_problem()
    assert f"This is Python {version}" in sentence and ">=3.11" in sentence


def test_a_missing_package_and_one_that_is_too_old(monkeypatch):
    monkeypatch.setattr(environment.metadata, "requires", lambda _: ["numpy>=2.1", "no-such-thing>=1.5"])
    assert '`%pip install "no-such-thing>=1.5"`' in the_problem()
    monkeypatch.setattr(environment.metadata, "requires", lambda _: ["numpy>=99.1", "pytest>=99; extra == 'test'"])
    assert "is version" in the_problem() and "and >=99.1 is needed" in the_problem()


def test_what_is_asked_for_is_what_the_project_names():
    wanted = [line for line in environment.metadata.requires("lenet-workbook") if "extra" not in line]
    assert f"all {len(wanted)}, and none too old" in str(check_environment())


def test_a_look_that_needs_a_missing_package_is_left_out(monkeypatch):
    monkeypatch.setattr(environment.metadata, "requires", lambda _: ["no-such-thing>=1.5"])
    monkeypatch.setitem(sys.modules, "joblib", None)
    assert "no-such-thing" in the_problem()
    assert "memory" not in {finding.what for finding in check_environment().findings}


def test_a_kernel_that_imports_another_copy_of_the_workbook(monkeypatch, tmp_path):
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "lenet_lab" / "course").mkdir(parents=True)
    shutil.copy(environment.__file__, tmp_path / "lenet_lab" / "course")
    monkeypatch.chdir(tmp_path / "notebooks")
    sentence = the_problem()
    assert f"the workbook in {tmp_path}," in sentence and str(environment.ROOT) in sentence


def test_a_python_without_the_workbook():
    command = [sys.executable, "-S", "-m", "lenet_lab", "doctor"]
    ran = subprocess.run(command, cwd=environment.ROOT, capture_output=True, text=True)
    assert ran.returncode == 1 and not ran.stderr
    said = " ".join(ran.stdout.split())
    assert re.search(r" 1\. This kernel's Python \(.+\) is not the one .+: close JupyterLab and start it with `make lab`", said)


def test_without_the_browser_side_of_the_widgets(monkeypatch, tmp_path):
    monkeypatch.setattr("jupyter_core.paths.jupyter_path", lambda name: [str(tmp_path / name)])
    (tmp_path / "labextensions/@jupyter-widgets/jupyterlab-manager").mkdir(parents=True)
    assert "has no extension anywidget" in the_problem()


def test_little_memory(monkeypatch):
    monkeypatch.setattr(environment, "_memory", lambda: 0.7)
    assert the_problem().startswith("This machine has 0.7 GB of memory")
    monkeypatch.setattr(environment, "_memory", lambda: None)                 # Windows does not say
    assert not check_environment().problems


def test_a_folder_that_cannot_be_written_to(monkeypatch, tmp_path):
    monkeypatch.setenv("LENET_PROGRESS", str(tmp_path / "sub" / ".progress"))
    assert not check_environment().problems and not list(tmp_path.iterdir()), "the check leaves something behind"
    refused = PermissionError(13, "Permission denied")
    monkeypatch.setattr("tempfile.TemporaryFile", lambda dir: (_ for _ in ()).throw(refused))
    assert f"cannot be kept in {tmp_path / 'sub' / '.progress'} (Permission denied)" in the_problem()


@pytest.mark.skipif(os.name == "nt", reason="rights of Unix")
@pytest.mark.parametrize("mode", [0o555, 0])
def test_a_folder_that_really_cannot_be_written_to(monkeypatch, open_folder, mode):
    monkeypatch.setenv("LENET_PROGRESS", str(open_folder / ".progress"))
    open_folder.chmod(mode)
    line, = as_ordinary_user(lambda: [environment._progress()[0].problem])
    assert f"cannot be kept in {open_folder / '.progress'} (Permission denied)" in line


# ------------------------------------------------------------------------------------------------------------------------ the data


def test_no_mnist(empty_cache):
    sentence = the_problem()
    assert sentence.startswith("MNIST is not here, since it could not be downloaded") and "LENET_DATA" in sentence
    assert "instead scikit-learn's digits" in str(check_environment())


def test_mnist_is_found(mnist):
    found = check_environment()
    assert not found.problems and "60,000 training and 10,000 test images" in str(found)


def test_other_images_in_the_place_of_mnist_are_told(empty_cache, monkeypatch, tmp_path, digits):
    np.savez(tmp_path / "fashion.npz", x_train=digits.train_x, y_train=digits.train_y, x_test=digits.test_x, y_test=digits.test_y)
    monkeypatch.setenv("LENET_DATA", f"'{tmp_path}'")
    assert f"The folder in LENET_DATA, {tmp_path}, holds Fashion-MNIST (by its file names): the notebooks work" in the_problem()


def test_the_named_folder_is_empty_or_lacks_something(empty_cache, monkeypatch, tmp_path):
    monkeypatch.setenv("LENET_DATA", str(tmp_path))
    assert f"LENET_DATA names a folder, but {tmp_path} holds no MNIST; put the four files" in the_problem()
    for name in [*MNIST_FILES][:3]:
        (tmp_path / name).write_bytes(b"")
    assert f"lacks {[*MNIST_FILES][3]}" in the_problem()
    (tmp_path / [*MNIST_FILES][3]).write_bytes(b"nothing of the kind")
    assert "less than an IDX header; download it again" in the_problem()


def test_a_packed_cifar10_is_told(empty_cache, monkeypatch, tmp_path):
    monkeypatch.setattr(environment, "_mnist", list)
    monkeypatch.setenv("LENET_DATA", str(tmp_path))
    Path(tmp_path, "cifar-10-binary.tar.gz").write_bytes(b"")
    assert "still packed; unpack it where it lies" in the_problem()
