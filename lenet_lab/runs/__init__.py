"""Training runs: recipes, a run that can be paused (`run`), `lenet train` (`terminal`), augmentation (`augment`), measurements
during training (`diagnostics`)."""
