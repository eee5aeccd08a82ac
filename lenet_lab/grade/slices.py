"""The statements of a notebook that one exercise needs: those that bind the names it uses or change what they stand for.

A function may use imports, helper functions and constants of other cells. Running the whole notebook would train networks and open
widgets; running the exercise's cell alone would miss `import numpy as np`. So the names are followed from statement to statement, with
Python's own symbol table. Cells below the exercise's are used for names that nothing above binds. A statement that changes
something in a way that cannot be seen here (a decorator that fills a table) is missed: then the grader runs the whole notebook.

This file imports only the standard library, because it also runs in the student's process, without the rest of this package.
"""

import ast
import contextlib
import copy
import re
import symtable
import textwrap
from dataclasses import dataclass

ONLY_LOOK = {"print", "display", "len", "sum", "min", "max", "abs", "range", "list", "tuple", "sorted", "enumerate", "zip", "isinstance",
             "repr", "str", "type", "check", "plots", "plt"}          # functions, and owners of functions, that change no argument


@dataclass(eq=False)
class Statement:
    """A statement at the top level of cell number `cell`, with the global names it binds, changes, and uses (`now`: when it runs)."""

    cell: int
    node: ast.stmt
    text: str
    bound: frozenset
    used: frozenset
    now: frozenset
    changed: frozenset
    touched: frozenset


def parsed(source):
    """The parsed source, or None if it is not Python."""
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def dots(source):
    """Whether the source has three dots as a placeholder; the dots of an index, x[..., 0], do not count, and none in what is no Python."""
    tree = parsed(source)
    return tree is not None and dots_in(tree)                         # in what is no Python something has been written


def dots_in(tree):
    """The same of parsed Python."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Constant) and node.value is ...:
            return True
        if isinstance(node, ast.Subscript):
            waiting += [node.value, *(part for part in ast.walk(node.slice) if isinstance(part, ast.Call))]
        else:
            waiting += ast.iter_child_nodes(node)
    return False


def statements(source, cell=0):
    """Yield the statements of a cell; an import of several names becomes several. Raises SyntaxError."""
    lines = re.split("\r\n|\r|\n", source)                             # as the parser does; splitlines knows other ends of lines
    for node in ast.parse(source).body:
        for one in _apart(node):
            begin = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))])
            rest = lines[node.end_lineno - 1].encode("utf-8", "replace")[node.end_col_offset:].strip(b" \t")
            if one is node and not node.col_offset and rest[:1] in (b"", b"#"):
                text = "\n".join(lines[begin - 1:node.end_lineno])
            else:
                text = ast.unparse(one) if one is not node else ast.get_source_segment(source, node) or ""
            yield Statement(cell, one, text, *_names(one, text), *_changed(one))


def _apart(node):
    if not isinstance(node, (ast.Import, ast.ImportFrom)) or len(node.names) == 1:
        return [node]
    several = []
    for name in node.names:                                           # so that a missing name does not prevent the other imports
        one = copy.copy(node)
        one.names = [name]
        several.append(one)
    return several


def _names(node, text):
    table = symtable.symtable(textwrap.dedent(text), "<cell>", "exec")
    bound = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    now, inside = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}, list(table.get_children())
    used = set(now)
    while inside:
        scope = inside.pop()
        used |= {symbol.get_name() for symbol in scope.get_symbols() if symbol.is_global()}
        inside += scope.get_children()
    executed = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and getattr(node.value.func, "id", "") == "exec"
    if isinstance(node, ast.ImportFrom) and node.names[0].name == "*" or executed:
        bound = {"*"}                                                 # any names
    return frozenset(bound), frozenset(used), frozenset(now)


def _changed(node):
    """(names whose object the statement certainly changes, names whose object it may change: it is given to a function, or asked)."""
    surely, perhaps, waiting = set(), set(), [node]
    while waiting:
        part = waiting.pop()
        if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            waiting += getattr(part, "decorator_list", ())            # what is inside runs later, or has names of its own
            continue
        if isinstance(part, (ast.Subscript, ast.Attribute)) and isinstance(part.ctx, (ast.Store, ast.Del)):
            surely.add(_root(part))
        if isinstance(part, ast.AugAssign):
            surely.add(_root(part.target))
        if isinstance(part, ast.Call):
            owner = _root(part.func)
            arguments = [*part.args, *(keyword.value for keyword in part.keywords)]
            if owner in ("setattr", "delattr") and arguments:
                surely.add(_root(arguments[0]))
            elif owner not in ONLY_LOOK:
                perhaps |= {_root(argument.value if isinstance(argument, ast.Starred) else argument) for argument in arguments}
                perhaps.add(owner if isinstance(part.func, ast.Attribute) else None)
        waiting += ast.iter_child_nodes(part)
    return frozenset(surely - {None}), frozenset(perhaps - {None})


def _root(node):
    """The name that an expression like `a.b[0].c` begins with, or None."""
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def every(cells):
    """The statements of all cells, in the order of the notebook. Cells that are not Python are skipped."""
    found = []
    for number, source in enumerate(cells):
        with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
            found += statements(source, number)
    return found


def target_of(found, own, name):
    """The last statement of cell `own` that binds `name`, or None."""
    return next((one for one in reversed(found) if one.cell == own and name in one.bound), None)


def changes_below(found, own):
    """Whether a cell below `own` binds or changes a name that is bound above: then it matters whether it has been run."""
    above = set().union(*(one.bound for one in found if one.cell <= own))
    return any((one.bound | one.changed) & above or "*" in one.bound for one in found if one.cell > own)


def needed(found, own, name=None):
    """(statements, target) of the exercise in cell `own`: the target is the last statement that binds `name`, or None.

    `found` are all statements of the notebook (`every`). Without a `name`, the whole cell is needed.
    """
    target = None if name is None else target_of(found, own, name)
    chosen = [one for one in found if one.cell == own] if name is None else [target] if target else []
    if not chosen:
        return [], None
    # What binds the function's name after its cell is another version; what bound it before is needed where a statement uses that one.
    last, taken = found.index(target) if target else len(found), set(map(id, chosen))
    others = [one for place, one in enumerate(found) if id(one) not in taken and (name not in one.bound or place < last)]
    data = set().union(*(one.bound for one in found if not isinstance(one.node, (ast.Import, ast.ImportFrom, ast.ClassDef, ast.FunctionDef))))
    more, wanted, now = chosen + [one for one in others if "*" in one.bound], set(), set()
    # A name that is bound up to the exercise's cell is that one, as when the cell was run and checked; only other names come from below.
    early = set().union(*(one.bound for one in found if one.cell <= own)) - {"*"}
    while more:
        taken |= set(map(id, more))
        wanted |= set().union(*(one.used for one in more))
        now |= set().union(*(one.now for one in more))
        sought = wanted if name in now else wanted - {name}           # used by itself alone, when it is called
        others = [one for one in others if id(one) not in taken]
        more = [one for one in others if one.bound & (sought if one.cell <= own else sought - early)
                or one.changed & (sought | {name}) or one.touched & sought & data]
    return [one for one in found if id(one) in taken], target
