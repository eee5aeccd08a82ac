"""The server of one student: the lessons are put into the folder `notebooks`, kernels that nobody uses are stopped.

Read by Jupyter at every start of the server, with the student's own rights.
"""

import shutil
from pathlib import Path

from lenet_core._files import atomic_write, matching, mode

c = get_config()

# A kernel holds a network and its data, also for a page left open over night. Work in the notebook stays; variables do not.
c.MappingKernelManager.cull_idle_timeout = 3600
c.MappingKernelManager.cull_interval = 300
c.MappingKernelManager.cull_connected = True

# The installation is everybody's: nobody adds extensions to it.
c.LabApp.extension_manager = "readonly"

# What is there already is the student's work and stays as it is. A lesson that was renamed or deleted comes again. This stands last:
# where a right is missing, the error goes into the server's log, and the settings above hold.
mine = Path.home() / "notebooks"
mine.mkdir(exist_ok=True)
for lesson in matching(Path(__file__).resolve().parents[2] / "notebooks", "[!.]*.*"):
    if not mode(mine / lesson.name):
        with open(lesson, "rb") as given, atomic_write(mine / lesson.name) as copy:
            shutil.copyfileobj(given, copy)
