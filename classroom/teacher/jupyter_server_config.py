"""The server of a teacher: it opens with nbgrader's Formgrader, JupyterLab is at the same address with `lab` at the end.

The Formgrader has the window to itself, and its entry in JupyterLab's menu is switched off in `labconfig`: JupyterHub does not let
pages be shown within pages, because a student's server, at the same address, could then act in a teacher's name (nbgrader's issue
1947).
"""

c = get_config()

c.ServerApp.default_url = "/formgrader"
