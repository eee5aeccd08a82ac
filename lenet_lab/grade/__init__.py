"""Grade homework outside notebooks: `lenet grade SUBMISSION`, and statistics of a folder of submissions.

Reading order: `points` (the graded exercises), `submission` (read a submission), `slices` (the statements that an exercise needs),
`sandbox`, `worker` and `protocol` (the student's process, and the messages to and from it), `grading`, `report`, `statistics`. `bundle` and
`cnn_lenet` make a hw7.tar; the modules `nbgrader_*` make a course.
"""
