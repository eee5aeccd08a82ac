"""Where a student's assignments come from and go to, and as whom. `jupyterhub_config.py` sets the variables."""

import os

c = get_config()

c.CourseDirectory.course_id = os.environ["LENET_COURSE_ID"]
c.Exchange.root = os.environ["LENET_EXCHANGE"]

# Left to itself, nbgrader takes the name of the system's user, and with the simple spawner all students are one.
c.CourseDirectory.student_id = os.environ["JUPYTERHUB_USER"]
