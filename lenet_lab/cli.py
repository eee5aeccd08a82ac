"""The command `lenet` with its subcommands: everything that is done at a terminal.

Each subcommand is a module with a `main(arguments)`. It is imported only when it is called, so that `lenet doctor` also runs where
packages are missing.
"""

import difflib
import importlib
import sys
from importlib import metadata

COMMANDS = {
    "lab": ("lenet_lab.course.lab", "open the notebooks in JupyterLab"),
    "train": ("lenet_lab.runs.terminal", "train LeNet on MNIST, and test it"),
    "doctor": ("lenet_lab.course.environment", "say what is missing in this installation, and how to repair it"),
    "export": ("lenet_lab.libraries.terminal", "take a network to PyTorch or ONNX, and back"),
    "sheet": ("lenet_lab.toy.practice", "print problems to compute by hand, with their solutions"),
    "exam": ("lenet_lab.check.concept_test", "print twelve questions on what the lessons teach, or their key"),
    "submit": ("lenet_lab.grade.bundle", "pack the work in the notebooks as hw7.tar"),
    "grade": ("lenet_lab.grade.terminal", "grade one submission, or those of a whole class"),
    "course": ("lenet_lab.grade.nbgrader_course", "make a course for nbgrader"),
    "data": ("lenet_lab.course.shared_data", "write MNIST once for all students of a machine"),
    "experiments": ("lenet_lab.experiments.terminal", "train all networks again, and write the tables of results"),
}
HELP = """\
usage: lenet COMMAND ...

Learn how a convolutional network works by computing one by hand, writing its layers, training it, and looking inside.

{commands}

`lenet COMMAND --help` describes one of them. `lenet --version` prints the version.
Start with: lenet lab
"""


def main(arguments=None):
    """Run the subcommand in `arguments` (default: those of this process); returns the exit status."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    for stream in (sys.stdout, sys.stderr):
        # A terminal whose encoding lacks ✓ or ä shows ?. Each line is written at once, also to a file or a pipe.
        stream.reconfigure(errors="replace", line_buffering=True)
    name, rest = (arguments[0], arguments[1:]) if arguments else ("--help", [])
    if name in ("-h", "--help", "help"):
        print(HELP.format(commands="\n".join(f"  {command:12} {about}" for command, (_, about) in COMMANDS.items())), end="")
        return 0
    if name == "--version":
        print(f"lenet-workbook {metadata.version('lenet-workbook')}")
        return 0
    if name not in COMMANDS:
        near = difflib.get_close_matches(name, COMMANDS, n=1)
        meant = f"Did you mean `lenet {near[0]}`?" if near else f"There are: {', '.join(COMMANDS)}."
        print(f"lenet: there is no command {name!r}. {meant}", file=sys.stderr)
        return 2
    return importlib.import_module(COMMANDS[name][0]).main(rest)
