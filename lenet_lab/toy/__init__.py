"""The toy network of the homework, computed by hand: every number of one pass with its arithmetic (`worked`), and similar problems (`practice`)."""
