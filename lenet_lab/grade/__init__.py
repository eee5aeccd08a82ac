"""Grade homework outside notebooks: `lenet grade SUBMISSION`, and statistics of a folder of submissions.

Reading order: `points` (what is graded), `submission` (what was handed in), `slices` (what of it an exercise needs), `sandbox`, `worker`
and `protocol` (the student's process, and how one talks with it), `grading`, `report`, `statistics`; `bundle` and `cnn_lenet` make a hw7.tar.
"""
