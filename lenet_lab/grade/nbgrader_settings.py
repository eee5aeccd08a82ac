"""The settings of nbgrader for the assignment of `lenet_lab.grade.nbgrader_course`: `configure(c)`, called by a course's settings.

- `nbgrader autograde` runs no code of a student: `GradeApart` asks this package's grader, which runs it in a process of its own, for the
  points. So nbgrader's own rules for a test's output (its last line is the score, a line on stderr gives none) meet only what stands here.
- A cell that a student has pasted twice would end the grading of all students (nbgrader's issue 1083): `CellsHandedOut`.
- What a student's notebook shows is a page for the teacher: no scripts in outputs (`PlainOutputs`) or in texts (`safe_markdown`).
- nbgrader would write its own line in place of a solution: `StudentCells`.
"""

import functools
import io
import json
import os
import sys
import textwrap
from pathlib import Path

import bleach
from jinja2 import pass_context
from nbconvert.exporters import HTMLExporter, NotebookExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from nbgrader import utils
from nbgrader.api import Gradebook
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import ClearOutput, ClearSolutions, DeduplicateIds, Execute, IgnorePattern, NbGraderPreprocessor
from traitlets import Integer

from .cells import decoded
from .grading import BY_PEOPLE, PASSED, grade, nothing
from .report import said
from .sandbox import isolation
from .submission import NotASubmission, read
from .walls import PROTECTION, WALLS

COLUMNS = 100         # width of a page of feedback, in characters
PLAIN = {"text/plain", "image/png", "image/jpeg"}          # of what a student's cell has shown
PICTURES = ("data:image/png;", "data:image/jpeg;", "data:image/gif;", "https://", "http://")
LINKS = ("https://", "http://", "mailto:", "#")
TAGS = {"a", "abbr", "b", "blockquote", "br", "code", "dd", "del", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img",
        "li", "ol", "p", "pre", "s", "span", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul"}


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


class GradeApart(NbGraderPreprocessor):
    """In place of running a notebook: the points of this package's grader, as outputs that nbgrader reads as these points."""

    seed = Integer(0, help="the seed of the tests' numbers").tag(config=True)

    def preprocess(self, notebook, resources):
        """Grade what the student handed in, and put the verdicts below the tests; returns notebook, resources."""
        about, course = resources["nbgrader"], self.parent.parent.coursedir
        folder = course.format_path(course.submitted_directory, about["student"], about["assignment"])
        if isolation() not in WALLS:
            self.log.warning("Graded with %s.", PROTECTION[isolation()])
        try:
            result = grade(read(folder), self.seed)
        except NotASubmission as error:
            result = nothing(about["student"], self.seed, str(error))
        rows = {f"{row.item.exercise}-test": row for row in result.rows if row.status != BY_PEOPLE}
        for cell in notebook.cells:
            if utils.is_grade(cell) and cell.metadata.nbgrader.grade_id in rows:
                cell.outputs, cell.execution_count = [_verdict(rows[cell.metadata.nbgrader.grade_id])], None
        return notebook, resources


def _verdict(row):
    """The output of a test: text if it passes, which nbgrader reads as all points; else an error, which it reads as none."""
    if row.status == PASSED:
        return new_output("stream", name="stdout", text=_folded(f"\N{CHECK MARK} {row.item.exercise}: {row.text}"))
    text = _folded(f"{row.item.exercise}: {said(row)}")
    return new_output("error", ename="NotPassed", evalue=row.status, traceback=[text])


class PlainOutputs(NbGraderPreprocessor):
    """A student's outputs as text and pictures: no HTML, scripts, drawings in SVG or widgets, which a page would execute."""

    def preprocess_cell(self, cell, resources, cell_index):
        """Reduce the outputs of one cell; returns cell, resources."""
        if cell.cell_type == "code":
            cell.outputs = [output for output in cell.outputs if output.output_type == "stream" or output.get("traceback")
                            or PLAIN & output.get("data", {}).keys()]
            for output in cell.outputs:
                if "data" in output:
                    output.data = {kind: content for kind, content in output.data.items() if kind in PLAIN}
        cell.get("attachments", {}).update({name: {kind: content for kind, content in one.items() if kind in PLAIN}
                                            for name, one in cell.get("attachments", {}).items()})
        return cell, resources


class AnyNotebook(NotebookExporter):
    """Reads a notebook with a byte-order mark, in UTF-16, or without keys that nbformat wants, too."""

    def from_filename(self, filename, resources=None, **settings):
        """Convert the notebook in a file, as nbconvert does."""
        found = {"nbformat": 4, "nbformat_minor": 5, "metadata": {}} | json.loads(decoded(Path(filename).read_bytes()))
        for cell in found["cells"]:
            cell.setdefault("metadata", {})
            if cell["cell_type"] == "code":
                cell |= {"outputs": [], "execution_count": None} | cell
        resources = self._init_resources(resources)
        resources["metadata"] |= {"name": Path(filename).stem, "path": str(Path(filename).parent)}
        return self.from_file(io.StringIO(json.dumps(found)), resources=resources, **settings)


@pass_context
def safe_markdown(context, source):
    """Markdown as HTML without scripts: nbconvert's filter `markdown2html`, then bleach."""
    return bleach.clean(_exporter().markdown2html(context, source), tags=TAGS, attributes=_attribute,
                        protocols={"http", "https", "mailto", "data"}, strip=True)


@functools.cache
def _exporter():
    return HTMLExporter()


def _attribute(tag, name, value):
    """Whether an attribute may stay: links and pictures go where a reader expects, nothing has a program."""
    if tag == "a" and name == "href":
        return value.startswith(LINKS)
    if tag == "img" and name == "src":
        return value.startswith(PICTURES)
    return name in ("class", "id", "title", "alt", "width", "height", "align")


def _folded(text):
    return "\n".join(textwrap.fill(line, COLUMNS) for line in text.splitlines())


def configure(c):
    """Make the settings of the assignment in nbgrader's configuration object `c`."""
    c.GenerateAssignment.preprocessors = [StudentCells if step is ClearSolutions else step for step in _usual(GenerateAssignment)]
    c.ClearSolutions.code_stub, c.ClearSolutions.text_stub = {"python": ""}, "..."

    instead = {DeduplicateIds: CellsHandedOut, ClearOutput: PlainOutputs, Execute: GradeApart}
    for setting in ("sanitize_preprocessors", "autograde_preprocessors"):
        c.Autograde[setting] = [instead.get(step, step) for step in _usual(Autograde, setting) if step is not IgnorePattern]
    c.Autograde.exporter_class = AnyNotebook
    c.CourseDirectory.ignore = [*_usual(CourseDirectory, "ignore"), ".progress"]            # the stored progress of a student

    c.HTMLExporter.filters = {"markdown2html": safe_markdown}         # of the feedback, and of the Formgrader

    # For a new gradebook nbgrader calls the program `alembic`, which is only on the PATH of an activated environment.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


def _usual(part, setting="preprocessors"):
    """The default of a setting of nbgrader."""
    return part.class_traits()[setting].default()
