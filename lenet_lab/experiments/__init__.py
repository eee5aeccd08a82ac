"""The five networks, and the studies of why some of theirs did not learn, as one grid of trainings.

An experiment is one function, `learn.learn`: a network, data and a recipe go in as plain settings, what came of it comes out as
plain numbers. `studies` is the grid: which settings, with which seeds, beside which figure of a source. `grid` works it off on
all processors (or a Dask cluster) and writes down each run as it ends, so that it can be stopped and gone on with. `table` turns
what was written down into the tables that docs/results.md and the notebooks show; no number there is typed by hand.

`lenet experiments --help` is the command.
"""
