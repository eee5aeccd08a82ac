"""The solved exercises, in the order of the notebooks: the one place where they are kept.

A cell of a notebook that carries the name of a block in its metadata (`lenet.exercise`) is replaced by that block when a
solved notebook is made (`lenet_lab.solutions`); the tests run every notebook both ways.
"""

# %% toy_01
check.toy(1, (3, 3))

# %% toy_02
check.toy(2, (2, 2))

# %% toy_03
check.toy(3, 3)

# %% toy_04
check.toy(4, 3)

# %% toy_05
check.toy(5, 4)

# %% toy_06
check.toy(6, 7)

# %% toy_07
check.toy(7, 39)

# %% toy_08
check.toy(8, 0.9526)

# %% toy_09
check.toy(9, 0.0486)

# %% toy_10
check.toy(10, -1.0498)

# %% toy_11
check.toy(11, 0.3794)

# %% toy_12
check.toy(12, -0.0949)
