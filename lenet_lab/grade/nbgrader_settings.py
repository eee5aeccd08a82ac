"""The settings of nbgrader for the assignment of `lenet_lab.grade.nbgrader_course`: `configure(c)`, called by a course's settings.

They change four defaults of nbgrader. It would write its own line in place of a solution. A cell that a student has pasted twice would
end the grading of all students (its issue 1083). A test during which something is written to stderr would get no points. The feedback
would show the hidden tests (its issue 917), and tracebacks through code that is not the student's.

One limitation remains. A cell that does not end is interrupted, and the rest is graded. But if a kernel dies, or cannot be interrupted,
the student gets no grade. `nbgrader autograde` names such a student at its end, after all others;
`lenet grade submitted/NAME/hw7/hw7.ipynb` grades that submission.
"""

import os
import sys
import textwrap
from pathlib import Path

from nbformat.v4 import new_code_cell, new_markdown_cell
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions, DeduplicateIds, NbGraderPreprocessor

SECONDS = 30          # limit of a cell: a check stops a function after 8 seconds, and a test cell makes two checks
COLUMNS = 100         # width of a page of feedback, in characters


class StudentCells(ClearSolutions):
    """The student's cell is that of the lesson: without the solution after it, and without an empty line in its place."""

    def preprocess_cell(self, cell, resources, cell_index):
        """Remove the solution of one cell and the empty lines before it; returns cell, resources."""
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        if utils.is_solution(cell):
            cell.source = cell.source.rstrip("\n")
        return cell, resources


class CellsHandedOut(NbGraderPreprocessor):
    """Restore the assignment's cells in a submission, each once: copies and added cells become plain cells, missing tests are inserted.

    Of several copies the last one counts, as in nbgrader. A missing cell is inserted after its predecessor.
    """

    def preprocess(self, notebook, resources):
        """Restore the cells of one notebook, with the gradebook's data; returns notebook, resources."""
        about = resources["nbgrader"]
        with Gradebook(about["db_url"]) as gradebook:
            source = gradebook.find_notebook(about["notebook"], about["assignment"])
            points = {cell.name: cell.max_score for cell in source.grade_cells}
            answers = {cell.name for cell in source.solution_cells}
            handed_out = {cell.name: (cell.cell_type, cell.source, cell.locked) for cell in source.source_cells}
        last = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in notebook.cells}
        place = 0
        for cell in notebook.cells:
            cell.metadata.pop("nbgrader", None)
        for name, (kind, text, locked) in handed_out.items():
            cell = last.get(name)
            if cell is None and name in points:
                cell = (new_code_cell if kind == "code" else new_markdown_cell)(text)
                notebook.cells.insert(place, cell)
                self.log.warning("The cell %s was missing and has been inserted again.", name)
            if cell is not None:
                graded = {"points": points[name]} if name in points else {}
                cell.metadata["nbgrader"] = {"schema_version": 3, "grade_id": name, "grade": name in points, "solution": name in answers,
                                             "locked": locked, "task": False} | graded
                place = 1 + next(n for n, one in enumerate(notebook.cells) if one is cell)
        return notebook, resources


class Readable(ClearHiddenTests):
    """Feedback without hidden tests: the text of a test in lines that fit the page, the message of an error without its traceback."""

    def preprocess_cell(self, cell, resources, cell_index):
        """Format the outputs of one test cell; returns cell, resources."""
        if utils.is_grade(cell) and cell.cell_type == "code":
            cell, resources = super().preprocess_cell(cell, resources, cell_index)
            for output in cell.outputs:
                if output.output_type == "error":
                    kind = "" if output.ename == "AssertionError" else f"{output.ename}: "
                    output.traceback = [_folded(f"{kind}{output.evalue}".removesuffix(": "))]
                elif output.output_type == "stream":
                    output.text = _folded(output.text)
        return cell, resources


def _folded(text):
    return "\n".join(textwrap.fill(line, COLUMNS) for line in text.splitlines())


def configure(c):
    """Make the settings of the assignment in nbgrader's configuration object `c`."""
    c.GenerateAssignment.preprocessors = [StudentCells if step is ClearSolutions else step for step in _usual(GenerateAssignment)]
    c.ClearSolutions.code_stub, c.ClearSolutions.text_stub = {"python": ""}, "..."

    c.Autograde.sanitize_preprocessors = [CellsHandedOut if step is DeduplicateIds else step
                                          for step in _usual(Autograde, "sanitize_preprocessors")]
    c.CourseDirectory.ignore = [*_usual(CourseDirectory, "ignore"), ".progress"]            # the stored progress of a student
    c.Execute.timeout, c.Execute.interrupt_on_timeout = SECONDS, True
    late = "This cell did not end in time and was stopped."
    c.Execute.error_on_timeout = {"ename": "TimeoutError", "evalue": late, "traceback": [late]}
    c.IgnorePattern.enabled, c.IgnorePattern.pattern = True, r"(?s)."            # a warning costs no points

    c.GenerateFeedback.preprocessors = [Readable, *_usual(GenerateFeedback)]

    # For a new gradebook nbgrader calls the program `alembic`, which is only on the PATH of an activated environment.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


def _usual(part, setting="preprocessors"):
    """The default of a setting of nbgrader."""
    return part.class_traits()[setting].default()
