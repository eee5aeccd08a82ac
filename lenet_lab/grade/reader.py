"""The process that reads a submission: files, their code cells, and in which of them each exercise is answered.

A notebook or an archive can be made so that reading it takes minutes, or all memory, or ends Python. So it is read in a process of its own
with limits, which sends plain data (`submission.read` starts it). Nothing of the submission is run.

Exercises are found by what is in the cells, since metadata get lost when cells are merged, pasted or converted: the function that a cell
defines, the question that it answers. Metadata decide between several cells that answer the same. Python files have functions in the
handout's interface, or are a notebook that was saved as Python. A .m file of Octave has one function, that of its name.
"""

import ast
import base64
import contextlib
import functools
import hashlib
import json
import re
import sys
from pathlib import Path, PurePosixPath

from lenet_lab.octave import files as octave

from . import cells, files, slices

MEMORY, SECONDS = 3 * 2 ** 29, 20        # bytes, and seconds of the processor
NAMES = {"hinges_target": ("b", "kinks"), "hinges_tent": ("tent_b", "tent_kinks")}          # of the variables that hold an answer
MOST_OTHERS = 2                          # further cells that bind the same function, and count if the chosen one does not pass
LONGEST_GUESS = 200                      # characters
ARITHMETIC = {ast.Add: lambda a, b: float(a) + float(b), ast.Sub: lambda a, b: float(a) - float(b), ast.Mult: lambda a, b: float(a) * float(b),
              ast.Div: lambda a, b: float(a) / float(b)}
ADAPTER = Path(__file__).with_name("cnn_lenet.py")


def main(path, exercises, handout):
    """Read the submission at `path` and print it as JSON; `handout` has the names of the functions in the handout's interface."""
    with contextlib.suppress(ImportError):                            # not on Windows
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    sys.setrecursionlimit(3000)
    print(json.dumps(answer(path, exercises, handout)))


def answer(path, exercises, handout):
    """What `main` prints: what was found, or why nothing was."""
    try:
        return found_in(files.read(path), exercises, handout)
    except files.NotASubmission as error:
        return {"refused": str(error)}
    except MemoryError:
        return {"refused": "It takes too much memory to read."}
    except OSError as error:
        return {"errno": error.errno, "why": error.strerror or str(error), "file": str(error.filename or path)}


def found_in(submitted, exercises, handout):
    """{"notebooks": lists of sources, "works": {exercise: ...}, "guesses": {prediction: ...}, "concepts", "files", "notes", "fingerprint"}."""
    notebooks, written, look = [], {}, functools.partial(_answers, exercises)
    for name in sorted(name for name in submitted if name.lower().endswith(".ipynb")):
        try:
            found, files_of_it = cells.of_notebook(submitted[name], look)
        except cells.TooMuch as error:
            submitted.note(f"{files.shown(name)} was left out: {error}.")
            continue
        except (ValueError, TypeError, AttributeError, RecursionError, KeyError):
            submitted.note(f"{files.shown(name)} cannot be read as a notebook.")
            continue
        for target, text in files_of_it.items():
            place, content = files.plain(str(PurePosixPath(name).parent / target)), text.encode("utf-8", "replace")
            if submitted.wanted(place, len(content)):
                written[place] = content
        notebooks.append((name, found, True))
        if cut := [str(number) for number, cell in enumerate(found, 1) if cell.cut]:
            submitted.note(f"{files.shown(name)}: only the first {cells.LONGEST} characters were read of code cell {', '.join(cut)}.")
    run = {name + cells.AS_PYTHON: "\n\n".join(cell.source for cell in found).encode("utf-8", "replace") for name, found, _ in notebooks
           if any(PurePosixPath(name).name + cells.AS_PYTHON in cell.source for _, others, _ in notebooks for cell in others)}
    python = {name: cells.decoded(content) for name, content in sorted(submitted.items()) if name.lower().endswith(".py")}
    stems = {PurePosixPath(name).with_suffix("").as_posix().lower() for name, _, _ in notebooks}
    for name, text in python.items():
        parts = cells.of_python(text, look)
        if parts or _workbook(text) or PurePosixPath(name).with_suffix("").as_posix().lower() in stems:
            notebooks.append((name, parts or [cells.plain(text, look)], False))
    works = _works(notebooks, exercises)
    real = {name for name, _, is_notebook in notebooks if is_notebook}
    for exercise, function in handout.items():
        work = works.get(exercise)
        if not (work and work["written"] and work["file"] in real):
            other = _of_python(function, python, submitted, bool(work and work["file"] in real), {name for name, _, _ in notebooks})
            works |= {exercise: other} if other else {}
    of_octave = {name: octave.as_octave_reads(cells.decoded(content)) for name, content in sorted(submitted.items()) if name.lower().endswith(".m")}
    written |= {name: text.encode("utf-8", "replace") for name, text in of_octave.items()}
    for exercise, function in handout.items():
        if work := _of_octave(function, of_octave, submitted):
            works[exercise] = _of_either(works.get(exercise), work, submitted)
            written[str(PurePosixPath(work["file"]).with_name(f"{function}.m"))] = of_octave[work["file"]].encode("utf-8", "replace")
    texts = [[cell.source for cell in found] for _, found, _ in notebooks] + [[text] for text in (python | of_octave).values()]
    order = [name for name, _, _ in notebooks] + list(python) + list(of_octave)
    for work in [one for counts in works.values() for one in (counts, *counts["others"], counts["in_octave"]) if one]:
        work["notebook"] = order.index(work["file"], len(notebooks) if work["handout"] else 0)
    whole = hashlib.sha256(b"".join(part for name, content in sorted(submitted.items()) for part in (name.encode("utf-8", "replace"), content)))
    beside = {name: content for name, content in submitted.items() if not name.lower().endswith(".ipynb")} | run | written
    return {"notebooks": texts, "works": works, "guesses": _written(texts, "predict"), "concepts": _written(texts, "concepts"),
            "notes": submitted.notes, "fingerprint": whole.hexdigest(),
            "files": {name: base64.b64encode(content).decode() for name, content in beside.items()}}


# -------------------------------------------------------------------------------------------------------------------- notebooks


def _works(notebooks, exercises):
    """{exercise: its work as a dict} of the cells of several notebooks, [(name, cells, whether it is a notebook and not Python)]."""
    candidates = {}
    for name, found, is_notebook in notebooks:
        for own, cell in enumerate(found):
            for exercise in cell.seen.keys() | ({cell.exercise} & set(exercises)):
                written = cell.seen[exercise] if exercise in cell.seen else not slices.dots(cell.source)
                work = {"exercise": exercise, "file": name, "own": own, "place": f"{files.shown(name)}, code cell {own + 1}", "handout": False,
                        "written": written, "names": NAMES.get(exercise, ()), "notes": [], "others": [], "octave": False, "in_octave": None}
                rank = exercise in cell.seen, written, is_notebook, cell.exercise == exercise
                candidates.setdefault(exercise, []).append((rank, work))
    return {exercise: _counted(several) for exercise, several in candidates.items()}


def _answers(exercises, source, tree):
    """{exercise that a cell answers: whether it is written}: the cell binds its function, or calls `check.toy` or `check.derivation`.

    The dots of another exercise in the same cell do not count for a function.
    """
    if tree is None:
        names = {one for pair in re.findall(r"^(?:async )?def (\w+)|^(\w+)\s*=", source, re.M) for one in pair}
        names |= {f"toy_{int(number):02}" for number in re.findall(r"\btoy\(\s*(\d{1,3})\s*[,)]", source)}
        return {name: True for name in names if name in exercises}
    bound = {name: node for node in tree.body for name in _bound(node)}            # the last statement that binds a name
    found = {exercise: bound[exercise] for exercise in exercises if exercise in bound}
    found |= {exercise: tree for exercise in exercises if exercise in NAMES and NAMES[exercise][1] in bound}
    whole = "..." in source and slices.dots_in(tree)                  # the text first: to walk through a long cell takes as long as to parse it
    unknown = {node.targets[0].id for node in tree.body if whole and isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
               and slices.dots_in(node.value)}
    for node in ast.walk(tree) if "toy" in source or "derivation" in source else ():
        if isinstance(node, ast.Call):
            called, first = getattr(node.func, "attr", getattr(node.func, "id", "")), node.args[:1]
            first = first or [keyword.value for keyword in node.keywords if keyword.arg in ("question", "name")]
            value = first[0].value if first and isinstance(first[0], ast.Constant) else None
            asked = [f"toy_{value:02}"] if called == "toy" and type(value) is int else [f"derive_{value}"] if called == "derivation" else []
            if called == "toy" and first and value is None:           # in a loop: it may be any question
                asked = [exercise for exercise in exercises if exercise.startswith("toy_")]
            empty = any(isinstance(part, ast.Name) and part.id in unknown for part in ast.walk(node))
            found |= {exercise: tree if empty else node for exercise in asked if exercise in exercises}
    return {exercise: not (whole and slices.dots_in(node)) for exercise, node in found.items()}


def _bound(statement):
    """The global names that a statement binds; what this package's modules bring is no answer."""
    if isinstance(statement, ast.ImportFrom) and (statement.module or "").startswith("lenet_"):
        return
    waiting = [statement]
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.alias):
            yield node.asname or node.name
        elif isinstance(node, ast.NamedExpr):
            yield node.target.id
        elif not (isinstance(node, ast.expr) and isinstance(getattr(node, "ctx", None), ast.Load)) and not isinstance(node, ast.Lambda):
            waiting += ast.iter_child_nodes(node)


def _counted(ranked):
    """The cell that counts among several for one exercise: the last of those with the best rank; the others count if it does not pass."""
    best = max(rank for rank, _ in ranked)
    counts = [work for rank, work in ranked if rank == best][-1]
    others = [work for rank, work in ranked if work is not counts and best[1] and rank[:3] == best[:3]]
    if not counts["exercise"].startswith("toy_"):                     # an answer in numbers could be guessed
        counts["others"] = others[-MOST_OTHERS:]
    elif others:
        counts["notes"] = [f"It is there more than once; {counts['place']} counts, not {', '.join(one['place'] for one in others[-5:])}. "
                           "Look at it."]
    return counts


def _written(texts, function):
    """{first argument: second one} of the calls of `predict` or `concepts` in the sources of several notebooks; the last call counts.

    Nothing is run: the second argument is a number, a text, numbers in brackets, or a sum or product of numbers that is written out.
    """
    found = {}
    for source in (source for sources in texts for source in sources if function in source):
        for node in ast.walk(slices.parsed(source) or ast.Module([], [])):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) == function and len(node.args) == 2:
                with contextlib.suppress(ValueError, TypeError, ArithmeticError, RecursionError):
                    name, guess = map(_written_out, node.args)
                    if isinstance(name, str) and guess is not ... and len(repr(guess)) <= LONGEST_GUESS:
                        found[name] = guess
    return found


def _written_out(node):
    """The value of a guess in the source. Raises ValueError if it is anything else than numbers and texts."""
    if isinstance(node, ast.BinOp) and type(node.op) in ARITHMETIC:
        return ARITHMETIC[type(node.op)](_written_out(node.left), _written_out(node.right))
    if isinstance(node, (ast.Tuple, ast.List)):
        return [_written_out(part) for part in node.elts]
    value = ast.literal_eval(node)
    if value is not ... and not isinstance(value, (int, float, str)):
        raise ValueError
    return value


# ------------------------------------------------------------------------------------------------------------------ Python files


def _arguments(text):
    """{function: names of its parameters} of a Python file; empty if it is not Python."""
    tree = slices.parsed(text)
    return {node.name: [argument.arg for argument in (*node.args.posonlyargs, *node.args.args)] for node in (tree.body if tree else ())
            if isinstance(node, ast.FunctionDef)}


def _workbook(text):
    """Whether a Python file has functions in the workbook's interface: max_pool_forward(x, ...), not pooling_layer_forward(input, ...)."""
    found = _arguments(text)
    if any(name.startswith("pooling_layer_") for name in found):
        return False
    return any(name.startswith(("max_pool_", "toy_")) for name in found) or any(
        found[name][:1] == ["x"] or name.endswith("_backward") and "cache" in found[name]
        for name in found if name.startswith(("relu_", "inner_product_")))


def _of_python(function, python, submitted, elsewhere, notebooks):
    """The work in a Python file, in the handout's interface; a file with the homework's own name has priority.

    The two files of `lenet submit` only repeat the notebooks: they count only if the exercise was not found `elsewhere`.
    """
    bundled = [name for name in python if submitted[name] == ADAPTER.read_bytes()]
    among = ([] if elsewhere else bundled) if bundled else [name for name in python if name not in notebooks]
    holds = [name for name in among if re.search(rf"^def {function}\b", python[name], re.M)]
    if not holds:
        return None
    counts = next((name for name in holds if PurePosixPath(name).name == ADAPTER.name), holds[-1])
    notes = [f"It is there more than once; {files.shown(counts)} counts. Look at it."] if len(holds) > 1 else []
    return {"exercise": function, "file": counts, "own": 0, "place": files.shown(counts), "handout": True, "written": not slices.dots(python[counts]),
            "names": (), "notes": notes, "others": [], "octave": False, "in_octave": None}


# ------------------------------------------------------------------------------------------------------------------ Octave's files


def _of_octave(function, texts, submitted):
    """The work in the .m file with the name of a function of the homework, {name: text} being all .m files; or None.

    Of several, one counts that has written something, in the folder with most of the seven. Where none has the name, one whose function
    has it counts: browsers and platforms rename files.
    """
    named = [name for name in texts if octave.name_of_file(name) == function]
    holds = named or [name for name in texts if octave.name_of_file(name) is None and octave.first_function(texts[name]) == function]
    if not holds:
        return None
    folders = [PurePosixPath(name).parent for name in texts if octave.name_of_file(name)]
    counts = max(holds, key=lambda name: (octave.kind_of_file(texts[name]) != "empty", folders.count(PurePosixPath(name).parent)))
    if PurePosixPath(counts).name != f"{function}.m":
        submitted.note(f"{files.shown(counts)} was read as {function}.m. Octave itself finds a function by the name of its file.")
    notes = [f"It is there more than once; {files.shown(counts)} counts. Look at it."] if len(holds) > 1 else []
    return {"exercise": function, "file": counts, "own": 0, "place": files.shown(counts), "handout": True,
            "written": octave.kind_of_file(texts[counts]) != "empty", "names": (), "notes": notes, "others": [], "octave": True,
            "in_octave": None}


def _of_either(python, work, submitted):
    """The work that is looked at first if an exercise is there in Python (or not: None) and in Octave: the one in Python, if it is written."""
    if python is None or python["written"] and not work["written"]:
        return python or work
    if not python["written"]:
        submitted.note(f"{work['place']} counts, in Octave: {python['place']} is not written.")
        return work
    return python | {"in_octave": work}
