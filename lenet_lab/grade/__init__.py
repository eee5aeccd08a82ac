"""Grade homework outside notebooks: `lenet grade SUBMISSION`, and statistics of a folder of submissions.

Reading order: `points` (the graded exercises). `submission` starts the process that reads a submission: `reader`, `files`, `cells`.
`slices` finds the statements that an exercise needs. `sandbox` and `walls` start the student's process, which runs `worker`, `kernel_guard`
and `protocol` (the messages). Then `grading`, `report`, `statistics`. `bundle` and `cnn_lenet` make a hw7.tar; the modules `nbgrader_*` make
a course.
"""
