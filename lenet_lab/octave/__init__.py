"""The homework's other half: functions in .m files, which GNU Octave runs. Octave is a program of its own, and optional.

`Octave` is a process that calls functions in .m files. `as_handout(name, call)` makes one of the homework's seven functions of it, with
the structs and the column-major order of the handout, which `lenet_lab.handout.adapted` takes like a function in Python.

Reading order: `values` (bytes on the way), `process`, `layout` (structs and their order), `files` (which file is which function),
`serve.m` (the same on Octave's side), `given` (two functions that the handout provides). Source: homework sections 5.1, 5.6 and 9.
"""

from .files import SEVEN_FILES, as_octave_reads, first_function, kind_of_file, name_of_file
from .layout import as_handout
from .process import MISSING, Ended, Octave, OctaveError, program

__all__ = ["MISSING", "SEVEN_FILES", "Ended", "Octave", "OctaveError", "as_handout", "as_octave_reads", "first_function", "kind_of_file",
           "name_of_file", "program"]
