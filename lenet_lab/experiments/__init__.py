"""The experiments: train the five networks, and study why some of the sources' networks did not learn.

An experiment is one function, `learn.learn`: from settings (network, data, recipe) to measured numbers. `studies` is the grid: the
settings, the seeds, and the source's result for comparison. `grid` does the runs on all processors (or a Dask cluster) and records each
when it ends, so that an interrupted grid can be continued. `table` makes the tables of docs/results.md and the notebooks from the record; no
number there is typed by hand.

`lenet experiments --help` is the command.
"""
