"""The toy network of the homework, computed by hand: every number of one pass with its sum (`worked`), and problems like it (`practice`)."""
