"""Coverage-guided fuzzing of everything that reads a file: `python -m tests.fuzz --help`. See `__main__` and `targets`."""
