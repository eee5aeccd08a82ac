"""The course's own settings, for a teacher's server, wherever in it nbgrader is started."""

import os

c = get_config()

load_subconfig("nbgrader_config.py", os.environ["LENET_COURSE"])
c.CourseDirectory.root = os.environ["LENET_COURSE"]
