"""The command `lenet`: its pages of help, what it says to a wrong word, and `lenet lab`, which never overwrites work."""

import importlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import sign

from lenet_lab import cli
from lenet_lab.course import lab

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted(path.name for path in (ROOT / "notebooks").glob("*.ipynb"))


def test_help_names_every_command(capsys):
    assert cli.main(["--help"]) == 0
    page = capsys.readouterr().out
    assert all(f"  {name} " in page for name in cli.COMMANDS) and "Start with: lenet lab" in page
    assert cli.main([]) == 0 and capsys.readouterr().out == page


@pytest.mark.parametrize("name", cli.COMMANDS)
def test_every_command_has_a_page_a_person_can_use(name, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main([name, "--help"])
    page = " ".join(capsys.readouterr().out.split())
    assert ended.value.code == 0 and page.startswith(f"usage: lenet {name} ")
    assert len(page) > 200 and "python -m" not in page


@pytest.mark.parametrize("word, said", [("grad", "Did you mean `lenet grade`?"), ("x", "There are: lab, train, doctor,")])
def test_a_wrong_word_gets_a_sentence(word, said, capsys):
    assert cli.main([word]) == 2
    err = capsys.readouterr().err
    assert f"there is no command {word!r}" in err and said in err and len(err.splitlines()) == 1


def test_version(capsys):
    assert cli.main(["--version"]) == 0 and capsys.readouterr().out.startswith("lenet-workbook ")


def test_the_script_and_the_module_are_the_same():
    script = subprocess.run([Path(sys.executable).with_name("lenet"), "--help"], capture_output=True, text=True, check=True)
    module = subprocess.run([sys.executable, "-m", "lenet_lab", "--help"], capture_output=True, text=True, check=True)
    assert script.stdout == module.stdout and not script.stderr + module.stderr


def test_the_overview_loads_no_command():
    program = "import sys; from lenet_lab import cli; cli.main(['--help']); print([name for name in sys.modules if name in ('numpy', 'IPython')])"
    assert subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.endswith("[]\n")


def test_every_main_returns_its_status():
    for module, _ in cli.COMMANDS.values():
        assert importlib.import_module(module).main.__module__ == module


# ------------------------------------------------------------------------------------------------------------- lenet lab


@pytest.fixture(autouse=True)
def nothing_is_trusted(monkeypatch, tmp_path):
    """What is signed here is signed for a Jupyter of its own."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    (tmp_path / "jupyter").mkdir()


def test_lab_copies_what_is_missing_and_leaves_work_alone(tmp_path, capsys):
    folder = tmp_path / "my work"
    assert cli.main(["lab", str(folder), "--copy-only"]) == 0
    assert sorted(path.name for path in folder.iterdir()) == sorted([*NOTEBOOKS, "AGENTS.md"])
    assert f"{len(NOTEBOOKS)} notebooks copied" in capsys.readouterr().out
    (folder / NOTEBOOKS[0]).write_text("my work", encoding="utf-8")
    (folder / NOTEBOOKS[1]).unlink()
    assert cli.main(["lab", str(folder), "--copy-only"]) == 0
    said = capsys.readouterr().out
    assert f"1 notebook copied to {folder}; {len(NOTEBOOKS) - 1} were there already and are unchanged." in said
    assert (folder / NOTEBOOKS[0]).read_text(encoding="utf-8") == "my work"
    assert (folder / NOTEBOOKS[1]).read_bytes() == (ROOT / "notebooks" / NOTEBOOKS[1]).read_bytes()
    assert cli.main(["lab", str(folder), "--copy-only"]) == 0 and f"Your notebooks are in {folder}." in capsys.readouterr().out


def test_lab_in_a_clone_opens_the_notebooks_where_they_are(monkeypatch, capsys):
    asked = []
    monkeypatch.setattr(lab, "sign", lambda paths: asked.append(list(paths)))
    monkeypatch.setattr(lab, "_run", lambda command, environment: asked.append((command, environment)) or 0)
    assert cli.main(["lab", "--", "--no-browser", "--port=9999"]) == 0
    signed, (command, env) = asked
    assert {path.name for path in signed} <= set(NOTEBOOKS)
    assert command[3:5] == [f"--ServerApp.root_dir={ROOT}", "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb"]
    assert command[-2:] == ["--no-browser", "--port=9999"]


@pytest.fixture
def trusted():
    """trusted(path): whether JupyterLab trusts a notebook."""
    def look(path):
        return sign.NotebookNotary().check_signature(nbformat.read(path, as_version=4))
    return look


def test_lab_trusts_what_it_hands_out_and_nothing_else(tmp_path, monkeypatch, capsys, trusted):
    monkeypatch.setattr(lab, "material", lambda name: tmp_path / "source")
    folder, names = tmp_path / "mine", ("a.ipynb", "b.ipynb", "c.ipynb")
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / lab.TUTOR).touch()
    for name in names:
        nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(name)]), tmp_path / "source" / name)
    assert cli.main(["lab", str(folder), "--copy-only"]) == 0
    assert all(trusted(folder / name) for name in names)
    (tmp_path / "jupyter" / "nbsignatures.db").unlink()                           # nothing is trusted any more
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("from elsewhere")]), folder / "b.ipynb")
    (folder / "c.ipynb").write_text("no notebook")
    assert cli.main(["lab", str(folder), "--copy-only"]) == 0
    assert trusted(folder / "a.ipynb") and not trusted(folder / "b.ipynb")


def test_lab_in_a_clone_trusts_what_is_committed(tmp_path, trusted):
    folder = tmp_path / "clone" / "notebooks"
    folder.mkdir(parents=True)
    assert lab.unchanged(folder, folder) == []                                      # no clone
    for name in ("a.ipynb", "b.ipynb", "new.ipynb"):
        nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(name)]), folder / name)
    for command in (["init", "-q"], ["add", "notebooks/a.ipynb", "notebooks/b.ipynb"],
                    ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "one"]):
        subprocess.run(["git", "-C", str(folder.parent), *command], check=True)
    (folder / "b.ipynb").write_bytes((folder / "a.ipynb").read_bytes())
    assert lab.unchanged(folder, folder) == [folder / "a.ipynb"]
    lab.sign(lab.unchanged(folder, folder))
    assert trusted(folder / "a.ipynb") and not trusted(folder / "new.ipynb")


def test_lab_for_an_instructor_shows_what_is_hidden_from_students(monkeypatch, tmp_path, capsys):
    asked = []
    monkeypatch.setattr(lab, "_run", lambda command, environment: asked.append((command, environment)) or 0)
    with pytest.raises(SystemExit):
        cli.main(["lab", str(tmp_path), "--instructor"])
    assert "`lenet course" in capsys.readouterr().err
    (tmp_path / "nbgrader_config.py").touch()
    assert cli.main(["lab", str(tmp_path), "--instructor"]) == 0
    assert asked[0][1]["JUPYTER_CONFIG_PATH"].split(":")[0].endswith("teacher_alone") and [*tmp_path.glob("*.ipynb")] == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has no exec")
def test_the_wish_to_end_reaches_jupyterlab():
    """`lenet lab` once started it as a child, which went on running when `lenet lab` was ended."""
    jupyterlab = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    start = f"import os, sys; from lenet_lab.course import lab; lab._run([sys.executable, '-c', {jupyterlab!r}], dict(os.environ))"
    with subprocess.Popen([sys.executable, "-c", start], stdout=subprocess.PIPE, text=True) as started:
        assert int(started.stdout.readline()) == started.pid
        started.terminate()
        assert started.wait(30) == -signal.SIGTERM


def test_lab_where_nothing_can_be_written(tmp_path, capsys):
    (tmp_path / "file").touch()
    assert cli.main(["lab", str(tmp_path / "file"), "--copy-only"]) == 1
    err = capsys.readouterr().err
    assert "cannot be made" in err and len(err.splitlines()) == 1
