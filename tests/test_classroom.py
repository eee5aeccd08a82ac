"""A class on one server: real JupyterHub with the settings in `classroom`, on loopback; two students and a teacher use it."""

import contextlib
import csv
import importlib.util
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import psutil
import pytest
import requests
from traitlets.config.loader import PyFileConfigLoader

from lenet_lab.check.solutions import solved

from .test_instructor import POINTS, Course, answered

CONFIG = Path(__file__).parent.parent / "classroom/jupyterhub_config.py"
LESSONS = CONFIG.parent.parent / "notebooks"
PASSWORDS = {"ada": "a-password-to-try", "bob": "a-password-to-try", "teacher": "a-longer-password-for-the-teacher"}
BOB_SOLVES = ["toy_01", "relu_forward"]
PATH = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])

pytestmark = [pytest.mark.skipif(not importlib.util.find_spec(name), reason=f"{name} is not installed: pip install .[classroom]")
              for name in ("jupyterhub", "jupyterhub_idle_culler", "nbgrader")]
pytestmark += [pytest.mark.skipif(not shutil.which("configurable-http-proxy", path=PATH),
                                  reason="JupyterHub's proxy is not installed: npm install --global configurable-http-proxy")]


class Person:
    """Someone with a browser: a session with cookies, at the hub and at one's own server."""

    def __init__(self, hub, name):
        self.hub, self.name, self.web = hub, name, requests.Session()
        self.home = f"/user/{name}/"

    def get(self, path):
        return self.web.get(self.hub + path, timeout=60)

    def sign_in(self, password):
        """Whether the hub lets one in; the server starts then."""
        self.get("/hub/login")
        form = {"username": self.name, "password": password, "_xsrf": self.web.cookies.get("_xsrf", path="/hub/")}
        said = self.web.post(f"{self.hub}/hub/login", timeout=60, params={"next": "/hub/spawn"}, data=form)
        assert said.status_code in (200, 403), said.text
        return said.ok

    def ask(self, method, path, server=True, **arguments):
        """A request to one's server, or to the hub, as the pages make them. Raises HTTPError."""
        place = self.home if server else "/hub/"
        answer = self.web.request(method, self.hub + place + path, timeout=60, **arguments,
                                  headers={"X-XSRFToken": self.web.cookies.get("_xsrf", path=place), "Referer": self.hub + place})
        answer.raise_for_status()
        return answer

    def wait(self, server):
        """Until one's server runs (and its page is opened), or does not."""
        for _ in range(240):
            user = self.ask("GET", f"api/users/{self.name}", server=False).json()
            if bool(user["servers"].get("", {}).get("ready")) == server and not user["pending"]:
                return self.get(self.home) if server else None
            time.sleep(0.25)
        raise TimeoutError(f"{self.name}'s server did not {'start' if server else 'stop'} within a minute.")

    def read(self, path):
        return nbformat.from_dict(self.ask("GET", f"api/contents/{path}").json()["content"])

    def write(self, path, notebook):
        self.ask("PUT", f"api/contents/{path}", json={"type": "notebook", "content": notebook})

    def assignment(self, action):
        """A button in JupyterLab's list of assignments. Returns the list: {state: the assignments in it}."""
        answer = self.ask("POST", f"assignments/{action}", json={"course_id": "course", "assignment_id": "hw7"}).json()
        assert answer["success"], answer
        return {one["status"]: one for one in answer["value"]}


class Classroom:
    """A course that is released, and the hub with everybody signed in."""

    def __init__(self, folder):
        self.folder = folder
        (folder / "home").mkdir()
        self.course = Course(folder / "course", folder / "home")
        with open(folder / "course/students.csv", "w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([["id", "first_name"], ["ada", "Ada"], ["bob", "Bob"]])
        self.course.nbgrader("db student import students.csv", "release_assignment hw7")

    @contextlib.contextmanager
    def hub(self):
        """JupyterHub at three free ports; yields its address. Nothing that it started is left, whatever happens."""
        with contextlib.ExitStack() as held:
            ports = [held.enter_context(socket.socket()) for _ in range(3)]
            for port in ports:
                port.bind(("127.0.0.1", 0))
            page, inside, proxy = (f"http://127.0.0.1:{port.getsockname()[1]}" for port in ports)
        command = [sys.executable, "-m", "jupyterhub", "-f", CONFIG, f"--JupyterHub.bind_url={page}",
                   f"--JupyterHub.hub_bind_url={inside}", f"--ConfigurableHTTPProxy.api_url={proxy}"]
        if os.geteuid() == 0:                                    # in a container, JupyterLab wants to be told that this is meant
            command.append("--Spawner.args=--allow-root")
        environment = self.course.environment | {
            "LENET_COURSE": str(self.folder / "course"), "LENET_STUDENT_PASSWORD": PASSWORDS["ada"],
            "LENET_TEACHER_PASSWORD": PASSWORDS["teacher"]}
        log = self.folder / "hub.log"
        with open(log, "w", encoding="utf-8") as file:
            hub = subprocess.Popen(command, cwd=self.folder, env=environment, stdout=file, stderr=file)
        try:
            for _ in range(240):
                with contextlib.suppress(requests.ConnectionError):
                    if requests.get(f"{page}/hub/health", timeout=5).ok:
                        break
                assert hub.poll() is None, log.read_text(encoding="utf-8")[-5000:]
                time.sleep(0.25)
            yield page
        except BaseException:
            print(log.read_text(encoding="utf-8")[-10_000:])
            raise
        finally:
            hub.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                hub.wait(60)                     # servers get some seconds to end by themselves
            left = self.processes()
            for process in left:
                process.kill()
            hub.wait(10)
        assert not left, f"JupyterHub left behind: {left}"

    def processes(self):
        """All that run in this classroom's folder: the hub, its proxy and its services, the servers, their kernels."""
        found = []
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if Path(process.cwd()).is_relative_to(self.folder):
                    found.append(process)
        return found


@pytest.fixture(scope="module")
def classroom(tmp_path_factory):
    return Classroom(tmp_path_factory.mktemp("class"))


@pytest.fixture(scope="module")
def people(classroom):
    """{name: a person who has signed in and whose server runs}."""
    with classroom.hub() as hub:
        people = {name: Person(hub, name) for name in PASSWORDS}
        for name, person in people.items():
            assert person.sign_in(PASSWORDS[name])
        for person in people.values():
            person.wait(server=True)
        yield people


@pytest.fixture(scope="module")
def handed_in(people):
    """Both students fetch, work and submit: Ada solves everything, Bob two exercises. Returns what the list of assignments said."""
    said = {}
    for name, work in {"ada": answered, "bob": lambda notebook: solved(notebook, BOB_SOLVES)}.items():
        student = people[name]
        fetched = student.assignment("fetch")
        student.write("hw7/hw7.ipynb", work(student.read("hw7/hw7.ipynb")))
        said[name] = fetched, student.assignment("submit")
    return said


CLASS = "id,first_name\r\nada,Ada\r\nzoë,Zoë\r\n"
LISTS = {
    "as Excel's CSV UTF-8 begins": (CLASS.encode("utf-8-sig"), None),
    "as everybody else writes it": (CLASS.encode(), None),
    "in another alphabet": (CLASS.encode("cp1252"), "is no CSV in UTF-8"),
    "without a column id": (CLASS.replace("id", "name").encode(), "has no column id in its first line"),
    "with semicolons": (CLASS.replace(",", ";").encode(), "has no column id in its first line"),
    "empty": (b"", "has no column id in its first line"),
    "not there": (None, "cannot be read (No such file or directory)"),
}


@pytest.mark.parametrize("table", LISTS)
def test_the_list_of_students(table, tmp_path, monkeypatch):
    """Read as JupyterHub reads it, without the hub; what is wrong with it is what the hub says instead of starting."""
    content, refused = LISTS[table]
    (tmp_path / "course").mkdir()
    (tmp_path / "course/nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.course_id = 'a'\nc.Exchange.root = 'b'\nopen('the hub ran this', 'w')\n")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hub").mkdir(mode=0o755)                                  # as an older version of these settings made it
    if content is not None:
        (tmp_path / "course/students.csv").write_bytes(content)
    for name, value in {"LENET_COURSE": str(tmp_path / "course"), "PATH": PATH}.items():             # the settings add to PATH
        monkeypatch.setenv(name, value)
    settings = PyFileConfigLoader(str(CONFIG))
    if refused:
        with pytest.raises(SystemExit) as ended:
            settings.load_config()
        assert ended.value.code.startswith(f"{tmp_path / 'course/students.csv'} {refused}") and ended.value.code.endswith(".")
    else:
        assert settings.load_config().Authenticator.allowed_users == {"ada", "zoë", "teacher"}
        assert (tmp_path / "hub").stat().st_mode & 0o777 == 0o700
    assert not (tmp_path / "the hub ran this").exists()


@pytest.mark.parametrize("settings, refused", [
    ("c.CourseDirectory.course_id = 'a'\n", "does not set c.Exchange.root to a text in quotes."),
    ("c.CourseDirectory.course_id = name()\n", "does not set c.CourseDirectory.course_id to a text in quotes."),
    ("c.CourseDirectory.course_id = (", "is no Python"), (None, "cannot be read (No such file or directory).")])
def test_the_settings_of_the_course_are_read_and_not_run(settings, refused, tmp_path, monkeypatch):
    (tmp_path / "course").mkdir()
    (tmp_path / "course/students.csv").write_text(CLASS, encoding="utf-8")
    if settings is not None:
        (tmp_path / "course/nbgrader_config.py").write_text(settings)
    for name, value in {"LENET_COURSE": str(tmp_path / "course"), "PATH": PATH}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        PyFileConfigLoader(str(CONFIG)).load_config()
    assert refused in ended.value.code and ended.value.code.startswith(str(tmp_path / "course/nbgrader_config.py"))


def test_who_is_let_in(people):
    hub = people["ada"].hub
    students, teachers = PASSWORDS["ada"], PASSWORDS["teacher"]
    for name, password in {"ada": teachers, "teacher": students, "stranger": students, "bob": ""}.items():
        person = Person(hub, name)
        assert not person.sign_in(password), name
        assert "/hub/login" in person.get("/hub/home").url
    assert Person(hub, "ada").sign_in(PASSWORDS["ada"])


def test_the_lessons_are_there(people):
    lessons = {path.name for path in LESSONS.glob("*.ipynb")}
    assert "01_toy_network.ipynb" in lessons
    for name in ("ada", "bob"):
        there = people[name].ask("GET", "api/contents/notebooks").json()["content"]
        now = {path.name for path in LESSONS.iterdir()}           # with what notebook 06 writes, which another test runs meanwhile
        assert lessons <= {one["name"] for one in there} <= now


def test_nobody_opens_the_server_of_somebody_else(people):
    for name in ("ada", "bob", "teacher"):
        for other in {"ada", "bob", "teacher"} - {name}:
            answer = people[name].get(f"/user/{other}/api/contents/")
            assert answer.status_code == 403, (name, other, answer.url)
    assert people["ada"].get("/user/ada/api/contents/").ok


def test_a_teacher_signs_in_to_the_course(people):
    assert "/user/teacher/formgrader" in people["teacher"].get("/user/teacher/").url
    assignment, = people["teacher"].ask("GET", "formgrader/api/assignments").json()
    assert (assignment["name"], assignment["status"]) == ("hw7", "released")
    students = {one["id"] for one in people["teacher"].ask("GET", "formgrader/api/students").json()}
    assert students == {"ada", "bob"}


def test_idle_servers_are_looked_for(people):
    service = people["teacher"].ask("GET", "api/services", server=False).json()["idle-culler"]
    assert psutil.pid_exists(service["pid"]) and "--timeout=3600" in service["command"]


def test_points_go_to_the_student_whose_work_it_is(classroom, people, handed_in):
    for fetched, submitted in handed_in.values():
        assert fetched.keys() == {"fetched"} and submitted.keys() == {"fetched", "submitted"}
        assert len(submitted["submitted"]["submissions"]) == 1                     # one's own, and nobody else's
    course = classroom.course
    course.nbgrader("collect hw7", "autograde hw7", "generate_feedback hw7", "release_feedback hw7")
    assert course.scores("ada") == POINTS
    assert course.scores("bob") == {name: points if name in BOB_SOLVES else 0 for name, points in POINTS.items()}
    for name in ("ada", "bob"):
        notebook, = people[name].assignment("fetch_feedback")["submitted"]["submissions"][0]["notebooks"]
        page = people[name].ask("GET", f"api/contents/{notebook['local_feedback_path']}").json()["content"]
        total, = re.findall(r"Score: ([\d.]+) / 100", page)
        assert float(total) == sum(course.scores(name).values())


def test_starting_again_overwrites_no_work(people, handed_in):
    ada = people["ada"]
    worked = ada.read("notebooks/01_toy_network.ipynb")
    worked.cells[0].source = "Mine."
    ada.write("notebooks/01_toy_network.ipynb", worked)
    ada.ask("DELETE", "api/contents/notebooks/02_layers_forward.ipynb")
    homework = ada.read("hw7/hw7.ipynb")

    ada.ask("DELETE", "api/users/ada/server", server=False)
    ada.wait(server=False)
    ada.ask("POST", "api/users/ada/server", server=False)
    ada.wait(server=True)
    assert ada.read("notebooks/01_toy_network.ipynb").cells[0].source == "Mine."
    again, lesson = ada.read("notebooks/02_layers_forward.ipynb"), nbformat.read(LESSONS / "02_layers_forward.ipynb", 4)
    assert [cell.source for cell in again.cells] == [cell.source for cell in lesson.cells]
    assert ada.read("hw7/hw7.ipynb") == homework
