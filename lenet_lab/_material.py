"""The folders of files that are not modules: the notebooks, the solutions, the results, the settings of a classroom.

In a clone of the repository they are beside the packages; the wheel has copies of them inside `lenet_lab`.
"""

from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def material(name):
    """The folder of this name: "notebooks", "solutions", "results" or "classroom"."""
    installed = PACKAGE / "material" / name
    return installed if installed.is_dir() else PACKAGE.parent / name
