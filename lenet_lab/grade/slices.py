"""The statements of a notebook that one exercise needs: those that bind the names it uses, directly or indirectly.

A function may use imports, helper functions and constants of other cells. Running the whole notebook would train networks and open
widgets; running the exercise's cell alone would miss `import numpy as np`. So the names are followed from statement to statement, with
Python's own symbol table. All cells are used in the order of the notebook, also later ones, as after Run All.

This file imports only the standard library, because it also runs in the student's process, without the rest of this package.
"""

import ast
import copy
import io
import re
import symtable
import tokenize
from dataclasses import dataclass

MAGIC = re.compile(r"^[ \t]*[%!].*$", re.M)


@dataclass(eq=False)
class Statement:
    """A statement at the top level of cell number `cell`, with the names it binds and the global names it uses."""

    cell: int
    node: ast.stmt
    text: str
    bound: frozenset
    used: frozenset


def dots(source):
    """Whether the source has three dots as a placeholder; the dots of an index, x[..., 0], do not count."""
    brackets = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            if token.type != tokenize.OP:
                continue
            if token.string in "([{":
                brackets.append(token.string)
            elif token.string in ")]}" and brackets:
                brackets.pop()
            elif token.string == "..." and brackets[-1:] != ["["]:
                return True
    except (tokenize.TokenError, SyntaxError, ValueError):
        pass                                                          # a syntax error: something has been written
    return False


def statements(source, cell=0):
    """Yield the statements of a cell; an import of several names becomes several. Lines of magic are removed. Raises SyntaxError."""
    source = MAGIC.sub("", source)
    lines = source.splitlines()
    for node in ast.parse(source).body:
        for one in _apart(node):
            begin = min([node.lineno, *(decorator.lineno for decorator in getattr(node, "decorator_list", ()))])
            alone = one is node and not node.col_offset and lines[node.end_lineno - 1][node.end_col_offset:].strip(" \t")[:1] in ("", "#")
            text = "\n".join(lines[begin - 1:node.end_lineno]) if alone else ast.unparse(one)
            yield Statement(cell, one, text, *_names(one))


def _apart(node):
    if not isinstance(node, (ast.Import, ast.ImportFrom)) or len(node.names) == 1:
        return [node]
    several = []
    for name in node.names:                                           # so that a missing name does not prevent the other imports
        one = copy.copy(node)
        one.names = [name]
        several.append(one)
    return several


def _names(node):
    table = symtable.symtable(ast.unparse(node), "<cell>", "exec")
    bound = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_assigned() or symbol.is_imported()}
    used, inside = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}, list(table.get_children())
    while inside:
        scope = inside.pop()
        used |= {symbol.get_name() for symbol in scope.get_symbols() if symbol.is_global()}
        inside += scope.get_children()
    if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
        bound = {"*"}
    return frozenset(bound), frozenset(used)


def needed(cells, own, name=None):
    """(statements, target) of the exercise in `cells[own]`: the target is the last statement that binds `name`, or None.

    `cells` are sources in the order of the notebook. Without a `name`, the whole cell is needed. Cells that are not valid Python are
    skipped, except the exercise's own cell: there SyntaxError is raised.
    """
    every = []
    for number, source in enumerate(cells):
        try:
            every += statements(source, number)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            if number == own:
                raise
    mine = [one for one in every if one.cell == own]
    target = next((one for one in reversed(mine) if name in one.bound), None)
    chosen = mine if name is None else [target] if target else []
    others = [one for one in every if one not in chosen and (name is None or name not in one.bound)]
    wanted, known = set().union(*(one.used for one in chosen)), {name}
    taken = {id(one) for one in chosen} | {id(one) for one in others if chosen and "*" in one.bound}
    while wanted - known:
        known |= (new := wanted - known)
        more = [one for one in others if one.bound & new and id(one) not in taken]
        taken |= {id(one) for one in more}
        wanted |= set().union(*(one.used for one in more))
    return [one for one in every if id(one) in taken], target
