"""Training runs: recipes, a run that can be paused (`run`), `lenet train` (`terminal`), changed images (`augment`), measurements
while training (`diagnostics`)."""
