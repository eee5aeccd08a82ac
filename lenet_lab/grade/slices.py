"""What one exercise needs of its notebook: the statements that bind the names it uses, and no others.

A function may count on imports, helper functions and constants of other cells. Running the whole notebook for it would train networks
and open widgets, and running its cell alone would miss `import numpy as np`; so the names are followed from statement to statement, as
Python's own symbol table resolves them. Cells count in the order of the notebook, later ones too, as after Run All.

This file stands alone (standard library only): it also runs in the student's process, where nothing else of this package is.
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
    """A statement at the top level of cell number `cell`: which names it binds, which names of elsewhere it uses."""

    cell: int
    node: ast.stmt
    text: str
    bound: frozenset
    used: frozenset


def dots(source):
    """Are there three dots in it where something should be written? Those of an index, x[..., 0], are written."""
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
        pass                                                          # it has been begun, if not well
    return False


def statements(source, cell=0):
    """The statements of a cell, an import of several names as several. Lines of magic are left out. Raises SyntaxError."""
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
    for name in node.names:                                           # one that is not there does not take the others with it
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
    """(statements, the one that counts) for the exercise in `cells[own]`: a function `name`, or all of the cell where there is no name.

    `cells` are sources in the order of the notebook; those that are no Python are passed over, except the exercise's own: there
    SyntaxError is raised. Where the cell binds no `name`, the second is None.
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
