"""Where the files are that are no modules: the notebooks, the solutions, the results, the settings of a classroom.

In a clone of the repository they lie beside the packages; the wheel has copies of them inside `lenet_lab`.
"""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def material(name):
    """The folder of this name: "notebooks", "solutions", "results" or "classroom"."""
    installed = PACKAGE / "material" / name
    return installed if installed.is_dir() else PACKAGE.parent / name
