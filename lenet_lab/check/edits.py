"""Small changes of a function's source: another operator, axis, number or name, a part dropped or added.

`edits(function)` lists them, `Edit.function()` is the function with one made. They are used in both directions. On a student's function
that fails its check: if one change makes it pass, the change shows the line and the cause (`diagnosis`). On a solution: each change
that alters a result must be refused (`tests/mutation_study.py`).

Both ideas are known from research: mutation testing (DeMillo, Lipton and Sayward 1978), and repair with a list of typical mistakes
(Singh, Gulwani and Solar-Lezama 2013).
"""

import ast
import copy
import inspect
import itertools
import textwrap
import types
from dataclasses import dataclass, field

COMPARISONS = [(ast.Lt, ast.LtE, ast.Gt, ast.GtE), (ast.Eq, ast.NotEq)]
OTHER_OPERATORS = {ast.Add: (ast.Sub, ast.Mult), ast.Sub: (ast.Add,), ast.Mult: (ast.Div, ast.Add, ast.MatMult), ast.MatMult: (ast.Mult,),
                   ast.Div: (ast.Mult, ast.FloorDiv), ast.FloorDiv: (ast.Div, ast.Mult), ast.Pow: (ast.Mult,), ast.Mod: (ast.FloorDiv,)}
OTHER_NAMES = [{"max", "min", "sum", "mean", "argmax", "argmin"}, {"amax", "amin"}, {"maximum", "minimum", "fmax", "fmin"}, {"max", "maximum"},
{"min", "minimum"},
               {"zeros", "ones", "empty"}, {"zeros_like", "ones_like", "empty_like"}, {"log", "log2", "log10", "log1p"},
               {"exp", "exp2", "expm1"}, {"floor", "ceil"}, {"vstack", "hstack"}, {"abs", "sqrt", "square"}, {"prod", "sum"}]
AXES = (0, 1, 2, 3, -1, (0, 1), (1, 2), (2, 3), (0, 2, 3), (1, 2, 3), None)
GROWING = ("append", "extend", "insert")      # methods of a list: with other arguments it could come to hold itself, and NumPy would not end
MOST_PERMUTATIONS = 24                  # of the arguments of transpose and reshape
HANDED_ON = ("stride", "pad", "k", "s", "p")      # arguments that another function needs too
UNCHANGED = "unchanged"


@dataclass
class Edit:
    """One change: its kind, the line of the function (from 1), the source before and after, and how to make the function."""

    kind: str
    line: int
    before: str
    after: str
    tree: ast.AST = field(repr=False)
    written: "Written" = field(repr=False)
    others: tuple = ()                       # the lines of other calls in which the same change is made

    def function(self):
        """The function with this change. Raises what Python raises where the change is no valid source."""
        return self.written.compiled(self.tree)


@dataclass
class Written:
    """A function with its source: the syntax tree of its `def` or `lambda`, and the line of the file that it begins on."""

    function: types.FunctionType
    tree: ast.AST

    @property
    def is_one_line(self):
        """Whether the whole function stands on one line, so that its number says nothing."""
        return self.tree.lineno == self.tree.end_lineno

    def fresh(self):
        """The function as if it had just been defined: its default arguments, and the globals that it may change, begin anew."""
        made = self.compiled(self.tree, own_defaults=True)
        names = {name: type(value)() for name, value in made.__globals__.items() if name in made.__code__.co_names and type(value) in (dict,
                                                                                                                                       list, set)}
        names |= {name: None for node in ast.walk(self.tree) if isinstance(node, ast.Global) for name in node.names}
        return types.FunctionType(made.__code__, made.__globals__ | names, made.__name__, made.__defaults__, made.__closure__)

    def compiled(self, tree, own_defaults=False):
        """The function of a changed `tree`, with the globals, defaults and closure of the original."""
        original, name = self.function, "changed"
        free = original.__code__.co_freevars
        if isinstance(tree, ast.Lambda):
            body = [ast.Return(tree)]
        else:
            tree = copy.copy(tree)
            tree.decorator_list, name = [], tree.name
            body = [tree, ast.Return(ast.Name(name, ast.Load()))]
        inner = ast.FunctionDef("outer", ast.arguments([], [], None, [], [], None, []), body, [], None, None)
        inner.type_params = []
        if free:                                          # a function inside one that has its variables, so that they are closure cells
            names = [ast.arg(one) for one in free]
            outer = ast.FunctionDef("closure", ast.arguments([], names, None, [], [], None, []), [inner, ast.Return(ast.Name("outer", ast.Load()))],
                                    [], None, None)
            outer.type_params = []
        else:
            outer = inner
        module = ast.fix_missing_locations(ast.Module([outer], []))
        space = dict(original.__globals__)
        exec(compile(module, "<changed>", "exec"), space)
        made = space["closure"](*[None] * len(free))() if free else space["outer"]()
        cells = dict(zip(free, original.__closure__ or ()))
        again = types.FunctionType(made.__code__, original.__globals__, original.__name__,
                                   made.__defaults__ if own_defaults else original.__defaults__,
                                   tuple(cells[one] for one in made.__code__.co_freevars))
        again.__kwdefaults__ = original.__kwdefaults__
        return again


def called(call):
    """The name of the function in a call: "pad" of np.pad(...) and of pad(...), "" where it has none."""
    return getattr(call.func, "attr", getattr(call.func, "id", ""))


def calls_in(tree):
    """The names of all functions that a tree calls."""
    return {called(node) for node in ast.walk(tree) if isinstance(node, ast.Call)}


def written(function):
    """The `Written` of a Python function; None for anything else, and where its source cannot be found."""
    if not isinstance(function, types.FunctionType):
        return None
    try:
        lines, first = inspect.getsourcelines(function)
        tree = ast.parse(textwrap.dedent("".join(lines)))
    except (OSError, TypeError, SyntaxError, ValueError, IndexError):
        return _lambda_of(function)
    if isinstance(tree.body[0], ast.FunctionDef) and function.__name__ == tree.body[0].name:
        return Written(function, tree.body[0])
    return _lambda_of(function, tree)


def _lambda_of(function, tree=None):
    """A lambda is found among those of its statement by its compiled code."""
    if function.__name__ != "<lambda>":
        return None
    if tree is None:
        try:
            tree = ast.parse(inspect.getsource(inspect.getmodule(function) or function))
        except (OSError, TypeError, SyntaxError):
            return None
    code = function.__code__
    for node in ast.walk(tree):
        if isinstance(node, ast.Lambda):
            whole = compile(ast.fix_missing_locations(ast.Expression(node)), "<lambda>", "eval")
            same = next(filter(inspect.iscode, whole.co_consts))                 # beside it may stand the values of defaults
            if _essence(same) == _essence(code):
                return Written(function, node)
    return None


def _essence(code):
    return code.co_code, code.co_names, code.co_varnames, [one for one in code.co_consts if not inspect.iscode(one)]


def edits(source):
    """All changes of a `Written`, the likely ones first: a list of `Edit`."""
    found, tree = [], source.tree
    names = _names(tree)
    for node, parent in _nodes(tree):
        for kind, new in _replacements(node, parent, names):
            changed = _with(tree, node, new)
            before, after = _shown(node), _shown(new)
            if before != after:
                found.append(Edit(kind, _line(node, parent, tree), before, after, changed, source))
    found += [Edit(kind, line, before, after, changed, source) for kind, line, before, after, changed in _of_statements(tree)]
    found += _of_several_calls(source, names)
    return sorted(found, key=lambda edit: LIKELY[edit.kind])


LIKELY = {"comparison": 0, "sign": 0, "axis": 0, "brackets": 0, "padded": 0, "copy": 0, "argument": 1, "keepdims": 1, "constant": 1, "function": 1,
          "operator": 1, "assignment": 1, "order": 1, "lines": 1, "slice": 1, "transpose": 2, "dropped": 2, "name": 3}


def _names(tree):
    """The names that a function may use: its parameters, then what it assigns."""
    arguments = tree.args
    names = [one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    names += [node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]
    return list(dict.fromkeys(names))


def _nodes(tree):
    """Every expression of the body with the node that it stands in; defaults and annotations are left out."""
    stack = [(part, tree) for part in (tree.body if isinstance(tree.body, list) else [tree.body])]
    while stack:
        node, parent = stack.pop(0)
        yield node, parent
        stack += [(child, node) for child in ast.iter_child_nodes(node)
                  if not isinstance(child, (ast.expr_context, ast.operator, ast.cmpop, ast.unaryop, ast.boolop, ast.arguments))]


def _line(node, parent, tree):
    first = tree.lineno
    return getattr(node, "lineno", getattr(parent, "lineno", first)) - first + 1


def _shown(node):
    if isinstance(node, ast.keyword):
        return f"{node.arg}={ast.unparse(node.value)}"
    return ast.unparse(ast.fix_missing_locations(copy.deepcopy(node))) if node is not None else ""


def _with(tree, target, new):
    """A copy of the tree with `new` in place of the node `target`; only what lies above it is copied."""
    if tree is target:
        return new
    changed = None
    for name, value in ast.iter_fields(tree):
        if isinstance(value, ast.AST):
            made = _with(value, target, new)
            same = made is value
        elif isinstance(value, list):
            made = [_with(one, target, new) if isinstance(one, ast.AST) else one for one in value]
            same = all(a is b for a, b in zip(made, value))
            made = value if same else [one for one in made if one is not None]
        else:
            continue
        if not same:
            changed = changed or copy.copy(tree)
            setattr(changed, name, made)
    return changed or tree


def _copied(node, **fields):
    made = copy.copy(node)
    for name, value in fields.items():
        setattr(made, name, value)
    return made


def _constant(value):
    if isinstance(value, tuple):
        return ast.Tuple([_constant(one) for one in value], ast.Load())
    return ast.UnaryOp(ast.USub(), ast.Constant(-value)) if isinstance(value, int) and not isinstance(value, bool) and value < 0 \
        else ast.Constant(value)


def _literal(node):
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError):
        return ...


# ------------------------------------------------------------------------------------------------- changes of expressions


def _replacements(node, parent, names):
    """(kind, other node) for every change of one node."""
    if isinstance(node, ast.expr) and isinstance(getattr(node, "ctx", None), (ast.Store, ast.Del)):
        return
    for kind, make in CHANGES.items():
        if isinstance(node, kind):
            yield from make(node, parent, names)
    if isinstance(node, ast.expr) and _is_value(node, parent):
        yield from _wrapped(node, parent)


def _of_comparison(node, parent, names):
    for n, one in enumerate(node.ops):
        for other in next((group for group in COMPARISONS if type(one) in group), ()):
            if other is not type(one):
                yield "comparison", _copied(node, ops=[*node.ops[:n], other(), *node.ops[n + 1:]])


def _of_operation(node, parent, names):
    for other in OTHER_OPERATORS.get(type(node.op), ()):
        yield ("sign" if {type(node.op), other} == {ast.Add, ast.Sub} else "operator"), _copied(node, op=other())
    if isinstance(node.op, (ast.Sub, ast.Div, ast.MatMult, ast.FloorDiv, ast.Pow)):
        yield "order", _copied(node, left=node.right, right=node.left)
    yield "dropped", node.left
    yield "dropped", node.right
    if isinstance(node.right, ast.BinOp):                       # a * (b + c) without its brackets, a - b / c with brackets
        inner = node.right
        yield "brackets", _copied(inner, left=_copied(node, right=inner.left))
    if isinstance(node.left, ast.BinOp):
        inner = node.left
        yield "brackets", _copied(inner, right=_copied(node, left=inner.right))


def _of_unary(node, parent, names):
    if not isinstance(node.operand, ast.Constant):
        yield "sign" if isinstance(node.op, ast.USub) else "dropped", node.operand


def _of_condition(node, parent, names):
    yield "operator", _copied(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    for part in node.values:
        yield "dropped", part


def _of_choice(node, parent, names):
    yield "dropped", node.body
    yield "dropped", node.orelse
    yield "comparison", _copied(node, body=node.orelse, orelse=node.body)


def _of_constant(node, parent, names):
    value = node.value
    if isinstance(value, bool):
        yield "constant", ast.Constant(not value)
    elif isinstance(value, (int, float)):
        near = (value - 1, value + 1, 0, 1, -1) if isinstance(value, int) else (0.0, 1.0, -value, value / 2, 2 * value)
        for other in dict.fromkeys(near):
            if other != value:
                yield "constant", _constant(other)
        if value != 0 or not isinstance(parent, ast.Subscript):
            for name in names:
                yield "name", ast.Name(name, ast.Load())
        if isinstance(parent, ast.Call):
            yield "constant", ast.UnaryOp(ast.USub(), ast.Attribute(ast.Name("np", ast.Load()), "inf", ast.Load()))


def _of_name(node, parent, names):
    if _grows(parent):
        return
    if node.id in names and not (isinstance(parent, ast.Call) and parent.func is node):
        for other in names:
            if other != node.id:
                yield "name", ast.Name(other, ast.Load())
    elif isinstance(parent, ast.Call) and parent.func is node:
        for group in OTHER_NAMES:
            if node.id in group:
                yield from (("function", ast.Name(other, ast.Load())) for other in sorted(group - {node.id}) if other in ("max", "min", "sum", "abs"))


def _grows(call):
    return isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in GROWING


def _of_attribute(node, parent, names):
    if node.attr == "T":
        yield "transpose", node.value
    for group in OTHER_NAMES:
        if node.attr in group:
            yield from (("function", _copied(node, attr=other)) for other in sorted(group - {node.attr}))


def _of_call(node, parent, names):
    named = called(node)
    if named in GROWING:
        return
    for n in range(len(node.args) if len(node.args) > 1 else 0):
        yield "argument", _copied(node, args=[*node.args[:n], *node.args[n + 1:]])
    if named in ("transpose", "reshape", "ndindex", "moveaxis", "swapaxes", "arange", "where", "subtract", "divide", "matmul", "dot", "outer"):
        values = [_literal(one) for one in node.args]
        if named == "transpose" and all(isinstance(one, int) for one in values):
            orders = itertools.islice(itertools.permutations(values), MOST_PERMUTATIONS)
            yield from (("transpose", _copied(node, args=[_constant(one) for one in order])) for order in orders if list(order) != values)
        elif 2 <= len(node.args) <= 4:
            for order in itertools.permutations(node.args):
                if any(a is not b for a, b in zip(order, node.args)):
                    yield "order", _copied(node, args=list(order))
    elif len(node.args) == 2:
        yield "order", _copied(node, args=node.args[::-1])
    for keyword in node.keywords:
        yield "argument", _copied(node, keywords=[one for one in node.keywords if one is not keyword])
    for n, one in enumerate(node.args):
        if named in ("sum", "mean", "max", "min", "argmax", "argmin", "take_along_axis", "cumsum") and _literal(one) is not ...:
            yield from (("axis", _copied(node, args=[*node.args[:n], _constant(axis), *node.args[n + 1:]]))
                        for axis in AXES if axis != _literal(one) and type(axis) is not bool)
    if named in ("sum", "mean", "max", "min") and not node.keywords and len(node.args) < 2:
        yield from (("axis", _copied(node, keywords=[ast.keyword("axis", _constant(axis)), *keep]))
                    for axis in AXES[:9] for keep in ([], [ast.keyword("keepdims", ast.Constant(True))]))
    if named in ("sum", "mean", "max", "min") and node.keywords and not any(one.arg == "keepdims" for one in node.keywords):
        yield "keepdims", _kept(node)
    for name in names:                                          # an argument that was not handed on
        if name in HANDED_ON:
            yield from (("argument", make(node)) for make in _handing_on(name))
    if len(node.args) == 1 and not node.keywords and named not in ("range", "len", "enumerate", "zip", "ndindex"):
        yield "dropped", node.args[0]                           # f(x) -> x
    if isinstance(node.func, ast.Attribute) and named in ("copy", "mean", "sum", "max", "transpose", "astype"):
        yield "dropped", node.func.value                        # x.f() -> x


def _of_keyword(node, parent, names):
    if node.arg == "axis":
        yield from (("axis", _copied(node, value=_constant(axis))) for axis in AXES if axis != _literal(node.value))


def _of_slice(node, parent, names):
    for part in ("lower", "upper", "step"):
        if getattr(node, part) is not None:
            yield "slice", _copied(node, **{part: None})


def _of_subscript(node, parent, names):
    if isinstance(node.slice, ast.Slice) and not isinstance(parent, ast.Tuple):
        yield "slice", node.value


def _of_tuple(node, parent, names):
    if 2 <= len(node.elts) <= 4 and isinstance(parent, (ast.Return, ast.Assign, ast.Lambda, ast.Call)):
        for order in list(itertools.permutations(node.elts))[1:]:
            yield "order", _copied(node, elts=list(order))


CHANGES = {ast.Compare: _of_comparison, ast.BinOp: _of_operation, ast.UnaryOp: _of_unary, ast.BoolOp: _of_condition, ast.IfExp: _of_choice,
           ast.Constant: _of_constant, ast.Name: _of_name, ast.Attribute: _of_attribute, ast.Call: _of_call, ast.keyword: _of_keyword,
           ast.Slice: _of_slice, ast.Subscript: _of_subscript, ast.Tuple: _of_tuple}


def _is_value(node, parent):
    """Whether a node is a value of its own: something assigned, returned or computed with, not a part of a call or of an index."""
    return (isinstance(parent, (ast.Assign, ast.AugAssign, ast.Return, ast.BinOp, ast.Lambda)) and not isinstance(node, (ast.Tuple, ast.Constant))
            or isinstance(parent, (ast.Tuple, ast.Call)) and isinstance(node, (ast.BinOp, ast.Call, ast.Name)))


def _wrapped(node, parent):
    """A value with something done to it: minus (but no argument: -3 in a shape would mean "whatever fits"), transposed, copied."""
    if not isinstance(parent, (ast.Tuple, ast.Call)):
        yield "sign", ast.UnaryOp(ast.USub(), node)
    yield "transpose", ast.Attribute(node, "T", ast.Load())
    if isinstance(node, ast.Name) and isinstance(parent, ast.Assign):
        yield "copy", ast.Call(ast.Attribute(node, "copy", ast.Load()), [], [])


# -------------------------------------------------------------------------------------------------- changes of statements


def _of_statements(tree):
    """(kind, line, before, after, tree) for changes of whole statements: dropped, in another order, = for +=."""
    if isinstance(tree, ast.Lambda):
        return
    for block in (node for node in ast.walk(tree) if isinstance(getattr(node, "body", None), list)):
        for n, one in enumerate(block.body):
            line = one.lineno - tree.lineno + 1
            if isinstance(one, ast.AugAssign):
                for op in (ast.Add, ast.Sub):
                    if not isinstance(one.op, op):
                        new = _copied(one, op=op())
                        yield "sign", line, _shown(one), _shown(new), _with(tree, one, new)
                new = ast.Assign([one.target], one.value)
                yield "assignment", line, _shown(one), _shown(new), _with(tree, one, new)
            if isinstance(one, ast.Assign) and isinstance(one.targets[0], (ast.Subscript, ast.Name)):
                new = ast.AugAssign(one.targets[0], ast.Add(), one.value)
                yield "assignment", line, _shown(one), _shown(new), _with(tree, one, new)
            if isinstance(one, (ast.Assign, ast.AugAssign, ast.Expr)) and len(block.body) > 1:
                yield "dropped", line, _shown(one), UNCHANGED, _with(tree, one, None)
            if n + 1 < len(block.body) and isinstance(one, (ast.Assign, ast.AugAssign)) and isinstance(block.body[n + 1], (ast.Assign,
                                                                                                                           ast.AugAssign)):
                new = _copied(block, body=[*block.body[:n], block.body[n + 1], one, *block.body[n + 2:]])
                yield "lines", line, _shown(one), _shown(block.body[n + 1]), _with(tree, block, new)
            if isinstance(one, ast.If):
                new = _copied(one, test=ast.UnaryOp(ast.Not(), one.test))
                yield "comparison", line, _shown(one.test), _shown(new.test), _with(tree, one, new)


# ------------------------------------------------------------------------------------------ the same change in several calls


def _of_several_calls(source, names):
    """One change made in all calls of one function, or of all sums and maxima: what was forgotten once was forgotten in the others too."""
    calls = {}
    for node, _ in _nodes(source.tree):
        if isinstance(node, ast.Call) and not _grows(node):
            calls.setdefault(called(node), []).append(node)
    found = []
    for name, group in calls.items():
        if name == "output_size" and "pad" in calls:
            found += [_everywhere("padded", group, _without("pad"), source)]
        if len(group) > 1 and name not in ("range", "len", "max", "min", "sum", "mean"):
            found += [_everywhere("argument", group, make, source) for one in names if one in HANDED_ON
                      for make in (*_handing_on(one), _without(one))]
    reductions = [node for name in ("max", "min", "sum", "mean") for node in calls.get(name, ())
                  if [one.arg for one in node.keywords] == ["axis"]]
    if len(reductions) > 1:
        found.append(_everywhere("keepdims", sorted(reductions, key=lambda node: (node.lineno, node.col_offset)), _kept, source))
    return [one for one in found if one]


def _everywhere(kind, calls, make, source):
    """The `Edit` that changes all these calls by `make`, or None where it changes none."""
    tree, changed = source.tree, [(node, make(node)) for node in calls]
    changed = [(node, new) for node, new in changed if _shown(new) != _shown(node)]
    for node, new in changed:
        tree = _with(tree, node, new)
    if not changed:
        return None
    (node, new), lines = changed[0], [_line(one, one, source.tree) for one, _ in changed]
    return Edit(kind, lines[0], _shown(node), _shown(new), tree, source, tuple(lines[1:]))


def _kept(call):
    return _copied(call, keywords=[*call.keywords, ast.keyword("keepdims", ast.Constant(True))])


def _handing_on(name):
    """Functions that hand an argument on in a call: at the end, or by its name."""
    value = ast.Name(name, ast.Load())

    def by_name(call):
        known = any(one.arg == name for one in call.keywords)
        return call if known else _copied(call, keywords=[*call.keywords, ast.keyword(name, value)])
    return lambda call: _copied(call, args=[*call.args, value]), by_name


def _without(name):
    """A function that takes an argument out of a call."""
    def is_other(value):
        return not (isinstance(value, ast.Name) and value.id == name)
    return lambda call: _copied(call, args=[one for one in call.args if is_other(one)],
                                keywords=[one for one in call.keywords if is_other(one.value)])
