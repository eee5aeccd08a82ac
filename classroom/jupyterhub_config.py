"""A class on one server: `jupyterhub -f classroom/jupyterhub_config.py`. README.md, beside it, says what comes before and after.

As it stands it is for trying, on one machine, by one person: JupyterHub listens on loopback only, all students have one
password, and all servers belong to whoever starts the hub. What a course changes is in the first part. What the servers of students
and teachers are told is in `student` and `teacher`, in Jupyter's own configuration files: those servers read them, with the rights
of their users, so they hold for every spawner.
"""

import ast
import csv
import os
import secrets
import sys
from pathlib import Path

c = get_config()


def ids(path):
    """The column id of a table (CSV, with the names of its columns in the first line); without it the hub does not start."""
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:          # spreadsheets put a mark before the first name
            table = csv.DictReader(file)
            if "id" not in (table.fieldnames or []):
                sys.exit(f"{path} has no column id in its first line. Name the columns there, with commas between them.")
            return {row["id"] for row in table}
    except OSError as error:
        sys.exit(f"{path} cannot be read ({error.strerror}). Put the students there, or name the course's folder in LENET_COURSE.")
    except (ValueError, csv.Error) as error:
        sys.exit(f"{path} is no CSV in UTF-8 ({error}). Save it as that.")


def settings(path, *wanted):
    """The values that these settings get in a course's nbgrader_config.py. It is only read: the hub may be root, and it is the teacher's."""
    try:
        tree = ast.parse(path.read_bytes())
    except OSError as error:
        sys.exit(f"{path} cannot be read ({error.strerror}). Name the course's folder in LENET_COURSE.")
    except (SyntaxError, ValueError) as error:
        sys.exit(f"{path} is no Python ({error}).")
    found = {ast.unparse(node.targets[0]): node.value for node in tree.body if isinstance(node, ast.Assign)}
    for name in wanted:
        if not (isinstance(found.get(name), ast.Constant) and isinstance(found[name].value, str)):
            sys.exit(f"{path} does not set {name} to a text in quotes. The hub reads it there, and does not run that file.")
    return [found[name].value for name in wanted]


# ------------------------------------------------------------------------------------------------------------- yours to change

COURSE = Path(os.environ.get("LENET_COURSE", "course")).resolve()       # made by `lenet course`
PLACE = COURSE.parent                           # beside it: the students' homes, and what the hub remembers
TEACHERS = {"teacher"}
STUDENTS = ids(COURSE / "students.csv")

c.JupyterHub.bind_url = "http://127.0.0.1:8000"
c.Spawner.mem_limit = "2G"                      # kept by spawners with containers or systemd; the local ones cannot
IDLE = 3600                                     # seconds after which a server at which nobody works is stopped

# Accounts: these two blocks go when your accounts come.
c.JupyterHub.authenticator_class = "shared-password"
passwords = {who: os.environ.get(f"LENET_{who}_PASSWORD") or secrets.token_urlsafe(24) for who in ("STUDENT", "TEACHER")}
c.SharedPasswordAuthenticator.user_password = passwords["STUDENT"]
c.SharedPasswordAuthenticator.admin_password = passwords["TEACHER"]     # JupyterHub wants 32 characters or more
for who in (who for who in passwords if f"LENET_{who}_PASSWORD" not in os.environ):
    print(f"{who.lower()} password: {passwords[who]}", flush=True)

c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = str(PLACE / "homes" / "{username}")

# -------------------------------------------------------------------------------------------------------- who may do what, where

c.Authenticator.admin_users = TEACHERS
c.Authenticator.allowed_users = TEACHERS | STUDENTS

HERE = Path(__file__).resolve().parent
course_id, exchange = settings(COURSE / "nbgrader_config.py", "c.CourseDirectory.course_id", "c.Exchange.root")


def settle(spawner):
    """Tell a server whose it is. No files are touched here: the hub may be root, and students can put links into their homes."""
    if spawner.user.name in TEACHERS:
        spawner.notebook_dir = str(COURSE)      # the Formgrader wants the course below what the server shows
        told = {"JUPYTER_CONFIG_PATH": str(HERE / "teacher"), "LENET_COURSE": str(COURSE)}
    else:
        told = {"JUPYTER_CONFIG_PATH": str(HERE / "student"), "LENET_COURSE_ID": course_id, "LENET_EXCHANGE": exchange}
    spawner.environment = spawner.environment | told


c.Spawner.pre_spawn_hook = settle
c.Spawner.environment = {name: os.environ[name] for name in ("LENET_DATA",) if name in os.environ}

# --------------------------------------------------------------------------------------------------------------- how the hub runs

# The programs of this Python are found also where its environment has not been activated: the servers, nbgrader, the proxy.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])

hub = PLACE / "hub"
hub.mkdir(exist_ok=True)
hub.chmod(0o700)                                # also where it was there before, with other permissions
c.JupyterHub.db_url = f"sqlite:///{hub / 'jupyterhub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(hub / "cookie_secret")
c.ConfigurableHTTPProxy.pid_file = str(hub / "proxy.pid")

# A class comes all at once: not more than this many servers start at a time, and each has time for it.
c.JupyterHub.concurrent_spawn_limit = 10
c.Spawner.start_timeout = c.Spawner.http_timeout = 120

c.JupyterHub.services = [{"name": "idle-culler", "command": [sys.executable, "-m", "jupyterhub_idle_culler", f"--timeout={IDLE}"]}]
c.JupyterHub.load_roles = [{"name": "idle-culler", "services": ["idle-culler"],
                            "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"]}]
