"""Grade homework outside notebooks: `python -m lenet_lab.grade SUBMISSION`, and statistics of a folder of submissions.

Reading order: `points` (what is graded), `submission` (what was handed in), `slices` (what of it an exercise needs), `sandbox`, `inside`
and `wire` (the student's process, and how one talks with it), `grading`, `report`, `statistics`; `bundle` and `cnn_lenet` make a hw7.tar.
"""
