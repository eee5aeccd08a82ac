"""Right work in the forms in which students hand it in: every one deserves full marks.

`FORMS` holds {name: form(notebook, folder)}. A form changes the solved assignment in place and may write files into `folder`, where the
notebook will be hw7.ipynb. It returns None, or the bytes of the notebook's file. What it changes stays right: when the cells run from top to
bottom in IPython, errors of single cells included, the seven functions and the twelve answers pass their checks.

`PACKAGES` holds {name: package(folder, out)}. `folder` has hw7.ipynb of a right submission. A package writes what is delivered below `out` and
returns the path to grade.
"""

import copy
import functools
import io
import json
import re
import shutil
import struct
import tarfile
import zipfile
from pathlib import Path, PurePosixPath
from textwrap import dedent

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output, new_raw_cell

from lenet_lab.check.solutions import solved
from lenet_lab.grade import nbgrader_course
from lenet_lab.grade.points import BY_HAND

FORMS, PACKAGES = {}, {}
FUNCTIONS = ("relu_forward", "inner_product_forward", "max_pool_forward", "relu_backward", "inner_product_backward", "max_pool_backward",
             "sgd_momentum")
QUESTIONS = tuple(f"toy_{number:02}" for number in range(1, 13))
APPLE_DOUBLE = b"\0\5\26\7\0\2\0\0Mac OS X        "                 # the content of a ._ file of macOS
WRONG_RELU = "def relu_forward(x):\n    return np.minimum(x, 0), x"

# ---------------------------------------------------------------------------------------------------------------------- helpers


def form(name):
    """Register a function as the form of this name."""
    def keep(function):
        assert name not in FORMS, name
        FORMS[name] = function
        return function
    return keep


def package(name):
    """Register a function as the package of this name."""
    def keep(function):
        assert name not in PACKAGES, name
        PACKAGES[name] = function
        return function
    return keep


def handed_in(name, folder):
    """Write a form or a package into an empty folder; returns the path to grade."""
    work, notebook = folder / "work", assignment()
    work.mkdir()
    content = FORMS[name](notebook, work) if name in FORMS else None
    (work / "hw7.ipynb").write_bytes(content or nbformat.writes(notebook).encode())
    if name in FORMS:
        return work
    (folder / "out").mkdir()
    return PACKAGES[name](work, folder / "out")


@functools.cache
def _handed_out():
    notebook = nbgrader_course.assignment()
    for one in notebook.cells:
        stub = "\n\n..." if one.cell_type == "markdown" else ""
        one.source = re.sub(r"\n*^### BEGIN (SOLUTION)$.*?^### END \1$", stub, one.source, flags=re.M | re.S)
    return notebook


def released():
    """The assignment as students get it: without solutions."""
    return copy.deepcopy(_handed_out())


def assignment():
    """The students' assignment, solved, with an answer to every question that people grade."""
    notebook = solved(_handed_out())
    for item in BY_HAND:
        answered = cell(notebook, item.question)
        answered.source = answered.source.removesuffix("...") + "The maps show the strokes of the digit."
    return notebook


def old_version():
    """The students' assignment, solved, but with a wrong function: an earlier state of the work."""
    return write(assignment(), relu_forward=WRONG_RELU)


def at(notebook, name):
    """Where the cell with this name in nbgrader's metadata is."""
    return next(n for n, one in enumerate(notebook.cells) if one.metadata.get("nbgrader", {}).get("grade_id") == name)


def cell(notebook, name):
    """The cell with this name in nbgrader's metadata."""
    return notebook.cells[at(notebook, name)]


def text(source):
    """A source without the indentation that it has in this file."""
    return dedent(source).strip("\n")


def write(notebook, **sources):
    """Give exercises' cells other sources; returns the notebook."""
    for name, source in sources.items():
        cell(notebook, name).source = text(source)
    return notebook


def insert(notebook, place, *sources):
    """Insert code cells at this place."""
    notebook.cells[place:place] = [new_code_cell(text(source), id=f"new-{place}-{n}") for n, source in enumerate(sources)]


def before(notebook, name, *sources):
    """Insert code cells before the cell of this name."""
    insert(notebook, at(notebook, name), *sources)


def after(notebook, name, *sources):
    """Insert code cells after the cell of this name."""
    insert(notebook, at(notebook, name) + 1, *sources)


def start(notebook, *sources):
    """Insert code cells after the first imports."""
    insert(notebook, 2, *sources)


def end(notebook, *sources):
    """Add code cells at the end."""
    insert(notebook, len(notebook.cells), *sources)


def code_cells(notebook):
    """The code cells of a notebook."""
    return [one for one in notebook.cells if one.cell_type == "code"]


def remove(notebook, *names):
    """Delete cells by name."""
    notebook.cells = [one for one in notebook.cells if one.metadata.get("nbgrader", {}).get("grade_id") not in names]


def merge(notebook, names):
    """Merge cells as JupyterLab does: the first cell gets all sources and keeps its own metadata."""
    cell(notebook, names[0]).source = "\n\n".join(cell(notebook, name).source for name in names)
    remove(notebook, *names[1:])


def forget(notebook, *keys):
    """Remove keys, or everything if there are none, from the metadata of all cells."""
    for one in notebook.cells:
        for key in keys or list(one.metadata):
            one.metadata.pop(key, None)


def saved(notebook, encoding="utf-8", **options):
    """The bytes of a notebook's file, also of one that nbformat calls invalid; `options` are those of json.dumps."""
    return (nbformat.v4.writes(notebook, **options) + "\n").encode(encoding)


def put(folder, name, content):
    """Write a file (text, or bytes) below a folder; returns its path."""
    path = Path(folder, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text(content).encode() + b"\n" if isinstance(content, str) else content)
    return path


def array_file(values, shape):
    """The bytes of an .npy file with these float64 numbers."""
    head = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}"
    head += " " * (63 - (len(head) + 10) % 64) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + struct.pack(f"<{len(values)}d", *values)


# ----------------------------------------------------------------------------------------------- state that several statements build


@form("a dict filled later")
def _(notebook, folder):
    """Makes an empty dict and fills it in the next line."""
    write(notebook, relu_forward="""
        limits = {}
        limits["low"] = 0.0
        def relu_forward(x):
            return np.maximum(x, limits["low"]), x
        """)


@form("a dict filled in another cell")
def _(notebook, folder):
    """Makes a dict in one cell and fills it in two others."""
    before(notebook, "sgd_momentum", "settings = {}", 'settings["sign"] = -1', 'settings["one"], settings["two"] = 1.0, 2.0')
    write(notebook, sgd_momentum="""
        def sgd_momentum(p, v, dp, lr, mu=0.9, decay=0.0):
            v = mu * v + settings["one"] * lr * (dp + decay * p)
            return p + settings["sign"] * v, v
        """)


@form("a list filled in a loop")
def _(notebook, folder):
    """Fills a list of places for every window size before the function."""
    write(notebook, max_pool_forward="""
        PLACES = [None]
        for size in range(1, 12):
            PLACES.append([(i, j) for i in range(size) for j in range(size)])

        def max_pool_forward(x, k, stride=None):
            stride = k if stride is None else stride
            OH, OW = (x.shape[2] - k) // stride + 1, (x.shape[3] - k) // stride + 1
            out = np.full((*x.shape[:2], OH, OW), -np.inf, x.dtype)
            for i, j in PLACES[k]:
                out = np.maximum(out, x[:, :, i:i + stride * OH:stride, j:j + stride * OW:stride])
            return out, (x, out, k, stride)
        """)


@form("an array set entry by entry")
def _(notebook, folder):
    """Makes an empty array and then sets all of it, one entry, and a row."""
    start(notebook, "table = np.empty((2, 3))", "table[:] = 7\ntable[0, 1] = 0\ntable[1] = table[0] * 0 + 1")
    write(notebook, relu_forward="def relu_forward(x):\n    return np.where(x > table[0, 1], x * table[1, 2], table[0, 1]), x")


@form("an array filled by its methods")
def _(notebook, folder):
    """Sets arrays with fill, copyto, put and sort."""
    write(notebook, relu_backward="""
        low, order = np.empty(1), np.array([3, 0, 2])
        low.fill(5)
        np.copyto(low, [4.0])
        np.put(low, 0, 9.0)
        order.sort()
        low -= 9 + order[0]
        def relu_backward(dout, cache):
            return np.where(cache > low, dout, 0)
        """)


@form("a counter on the function")
def _(notebook, folder):
    """Counts the calls in an attribute of the function, which is set after it."""
    write(notebook, relu_forward="""
        def relu_forward(x):
            relu_forward.calls += 1
            return np.maximum(x, 0), x
        relu_forward.calls = 0
        """)


@form("attributes of a class set later")
def _(notebook, folder):
    """Sets attributes of an empty class, one of them in another cell."""
    before(notebook, "relu_forward", "class Settings:\n    pass", "Settings.low = 0.0")
    write(notebook, relu_forward="""
        Settings.copy = True
        def relu_forward(x):
            return np.maximum(x, Settings.low), x.copy() if Settings.copy else x
        """)


@form("a decorator applied by hand")
def _(notebook, folder):
    """Defines the function and wraps it in the same cell with an assignment."""
    start(notebook, """
        history = []
        def traced(function):
            def wrapper(*args, **kwargs):
                history.append(function.__name__)
                return function(*args, **kwargs)
            return wrapper
        """)
    write(notebook, relu_forward="def relu_forward(x):\n    return np.maximum(x, 0), x\n\nrelu_forward = traced(relu_forward)")


@form("a decorator applied in a later cell")
def _(notebook, folder):
    """Wraps all functions in a cell at the end."""
    end(notebook, "import functools\ndef plain(function):\n    return functools.wraps(function)(lambda *args, **kwargs: function(*args, **kwargs))",
        "relu_forward = plain(relu_forward)\nmax_pool_forward = plain(max_pool_forward)\nsgd_momentum = plain(sgd_momentum)")


@form("a decorator with arguments")
def _(notebook, folder):
    """Uses a decorator that takes arguments and keeps the function's name."""
    before(notebook, "sgd_momentum", """
        from functools import wraps
        def times(factor):
            def decorate(function):
                @wraps(function)
                def inner(*args, **kwargs):
                    p, v = function(*args, **kwargs)
                    return factor * p, factor * v
                return inner
            return decorate
        """)
    write(notebook, sgd_momentum="""
        @times(1)
        def sgd_momentum(p, v, dp, lr, mu=0.9, decay=0.0):
            v = mu * v + lr * (dp + decay * p)
            return p - v, v
        """)


@form("an old version kept and used by the new one")
def _(notebook, folder):
    """Keeps the first version under another name and redefines the function with it."""
    write(notebook, relu_forward="""
        def relu_forward(x):
            return np.maximum(x, 0), x
        first_version = relu_forward
        def relu_forward(x):
            out, cache = first_version(x)
            return out + 0, cache
        """)


@form("a wrong version first and the right one in a new cell")
def _(notebook, folder):
    """Leaves a wrong try in the cell and writes the right function in a cell below."""
    right = cell(notebook, "max_pool_forward").source
    write(notebook, max_pool_forward="def max_pool_forward(x, k, stride=None):\n    return x[:, :, ::k, ::k], x")
    after(notebook, "max_pool_forward", right)


@form("the unsolved function above the solved one")
def _(notebook, folder):
    """Leaves the function with three dots in the cell and writes the solved one below it."""
    for name in FUNCTIONS:
        cell(notebook, name).source = f"{cell(released(), name).source}\n\n# my answer\n{cell(notebook, name).source}"


@form("the unsolved question above the answer")
def _(notebook, folder):
    """Leaves the call with three dots in the cell and answers in the next line."""
    for name in QUESTIONS:
        cell(notebook, name).source = f"{cell(released(), name).source}\n{cell(notebook, name).source}"


@form("attributes set with setattr")
def _(notebook, folder):
    """Sets attributes of a namespace with setattr in a loop."""
    start(notebook, 'from types import SimpleNamespace\noptions = SimpleNamespace()\nfor key, value in [("low", 0.0), ("high", np.inf)]:\n'
                    "    setattr(options, key, value)")
    write(notebook, relu_forward="def relu_forward(x):\n    return np.clip(x, options.low, options.high).astype(x.dtype), x")


@form("a dict changed by its methods")
def _(notebook, folder):
    """Changes a dict with update, pop, setdefault and del."""
    write(notebook, sgd_momentum="""
        signs = {"p": +1, "other": 3}
        signs.update(p=-1, v=7)
        signs.pop("v")
        signs.setdefault("v", 1)
        del signs["other"]
        def sgd_momentum(p, v, dp, lr, mu=0.9, decay=0.0):
            v = mu * v + signs["v"] * lr * (dp + decay * p)
            return p + signs["p"] * v, v
        """)


@form("a list changed by its methods")
def _(notebook, folder):
    """Appends functions to a list in several cells and applies them in turn."""
    before(notebook, "relu_forward", "steps = []", "steps.append(lambda x: np.maximum(x, 0))", "steps.insert(0, lambda x: x)\nsteps += [np.array]")
    write(notebook, relu_forward="def relu_forward(x):\n    out = x\n    for step in steps:\n        out = step(out)\n    return out, x")


@form("a registry filled by a decorator")
def _(notebook, folder):
    """Registers helpers in a dict with a decorator and looks them up by name."""
    start(notebook, """
        REGISTRY = {}
        def register(name):
            def keep(function):
                REGISTRY[name] = function
                return function
            return keep
        """, '@register("rows")\ndef rows_of(x):\n    return x.reshape(len(x), -1)')
    write(notebook, inner_product_forward='def inner_product_forward(x, W, b):\n    return REGISTRY["rows"](x) @ W + b, (x, W)')


@form("a function set through globals()")
def _(notebook, folder):
    """Binds the function with globals()["name"] = ..."""
    write(notebook, relu_forward='globals()["relu_forward"] = lambda x: (np.maximum(x, 0), x)')


@form("functions made by exec of a string")
def _(notebook, folder):
    """Executes a string that holds the function."""
    write(notebook, relu_backward='source = "def relu_backward(dout, cache):\\n    return dout * (cache > 0)"\nexec(source)')


@form("functions built in a loop")
def _(notebook, folder):
    """Makes two functions in one loop from a table."""
    write(notebook, relu_forward="""
        table = {"relu_forward": lambda x: (np.maximum(x, 0), x), "relu_backward": lambda dout, x: dout * (x > 0)}
        for name, function in table.items():
            def layer(*args, function=function):
                return function(*args)
            globals()[name] = layer
        """, relu_backward="# see the loop in the cell of relu_forward\nrelu_backward")


@form("names bound by a loop")
def _(notebook, folder):
    """Uses the last value of a loop's variables, and names bound by tuples and stars."""
    write(notebook, relu_forward="""
        for low in (2.0, 1.0, 0.0):
            pass
        (first, *rest), last = [0, 1, 2], 3
        def relu_forward(x):
            return np.maximum(x, low + first), x
        """)


@form("functools.partial")
def _(notebook, folder):
    """Makes the function with functools.partial."""
    write(notebook, relu_forward="""
        from functools import partial
        def clipped(x, low, *, keep):
            return np.maximum(x, low), keep(x)
        relu_forward = partial(clipped, low=0, keep=np.asarray)
        """)


@form("lambdas")
def _(notebook, folder):
    """Writes the functions as lambdas, two names for one of them."""
    write(notebook, relu_forward="relu = relu_forward = lambda x: (np.maximum(x, 0), x)",
          relu_backward="relu_backward = lambda dout, cache: dout * (cache > 0)",
          inner_product_forward="inner_product_forward = lambda x, W, b: (x.reshape(len(x), -1).dot(W) + b, (x, W))")


@form("methods of an object")
def _(notebook, folder):
    """Writes the layer as a class and binds the methods of one object."""
    write(notebook, relu_forward="""
        class Relu:
            low = 0
            def forward(self, x):
                return np.maximum(x, self.low), x
            def backward(self, dout, cache):
                return dout * (cache > self.low)
        relu_layer = Relu()
        relu_forward = relu_layer.forward
        """, relu_backward="relu_backward = relu_layer.backward")


@form("a class with a call method")
def _(notebook, folder):
    """Makes the function as an object with __call__."""
    write(notebook, sgd_momentum="""
        class Momentum:
            def __init__(self, mu=0.9):
                self.mu = mu
            def __call__(self, p, v, dp, lr, mu=None, decay=0.0):
                v = (self.mu if mu is None else mu) * v + lr * (dp + decay * p)
                return p - v, v
        sgd_momentum = Momentum()
        """)


@form("static methods and inheritance")
def _(notebook, folder):
    """Uses a base class whose method is only three dots, and static methods of a child."""
    write(notebook, inner_product_forward="""
        class Layer:
            def forward(self, x): ...
        class Dense(Layer):
            @staticmethod
            def forward(x, W, b):
                return np.dot(x.reshape(x.shape[0], -1), W) + b, (x, W)
        inner_product_forward = Dense.forward
        """)


@form("np.vectorize")
def _(notebook, folder):
    """Vectorizes a function of one number."""
    write(notebook, relu_forward="""
        cut = np.vectorize(lambda value: value if value > 0 else 0.0, otypes=[float])
        def relu_forward(x):
            return cut(x), x
        """)


@form("nested functions")
def _(notebook, folder):
    """Makes the function inside another one, with nonlocal state."""
    write(notebook, relu_forward="""
        def make(low):
            calls = 0
            def relu(x):
                nonlocal calls
                calls += 1
                return np.maximum(x, low), x
            return relu
        relu_forward = make(0)
        """)


@form("recursion")
def _(notebook, folder):
    """Calls a helper on every part of the array until a row is left."""
    write(notebook, relu_forward="""
        def relu_forward(x):
            if x.ndim == 1:
                return np.where(x > 0, x, 0), x
            return np.stack([relu_forward(part)[0] for part in x]), x
        """)


@form("generators")
def _(notebook, folder):
    """Yields the windows from a generator in another cell."""
    before(notebook, "max_pool_forward", """
        def windows(x, k, stride):
            for i, top in enumerate(range(0, x.shape[2] - k + 1, stride)):
                yield from ((i, j, x[..., top:top + k, left:left + k]) for j, left in enumerate(range(0, x.shape[3] - k + 1, stride)))
        """)
    write(notebook, max_pool_forward="""
        def max_pool_forward(x, k, stride=None):
            stride = stride or k
            out = np.zeros((*x.shape[:2], (x.shape[2] - k) // stride + 1, (x.shape[3] - k) // stride + 1), x.dtype)
            for i, j, window in windows(x, k, stride):
                out[..., i, j] = window.max(axis=(-2, -1))
            return out, (x, out, k, stride)
        """)


@form("the walrus")
def _(notebook, folder):
    """Binds names inside expressions."""
    write(notebook, relu_forward="if (low := 0) is not None and (high := 1):\n    pass\n\ndef relu_forward(x):\n"
                                 "    return (out := np.maximum(x, low * high)), x if out.size else x")


@form("match and case")
def _(notebook, folder):
    """Distinguishes the number of axes with match."""
    write(notebook, inner_product_forward="""
        def inner_product_forward(x, W, b):
            match x.shape:
                case (_, _):
                    rows = x
                case (n, *_):
                    rows = x.reshape(n, -1)
            return rows @ W + b, (x, W)
        """)


@form("type hints with future annotations")
def _(notebook, folder):
    """Writes type hints, one of them with three dots, after an import from __future__."""
    write(notebook, relu_forward="""
        from __future__ import annotations
        from typing import Any, Callable
        Shape = tuple[int, ...]
        Function = Callable[..., Any]
        def relu_forward(x: np.ndarray | Undefined) -> tuple[np.ndarray, np.ndarray]:
            shape: Shape = x.shape
            return np.maximum(x, 0).reshape(shape), x
        """)


@form("a dataclass as the cache")
def _(notebook, folder):
    """Keeps the cache of the pooling in a dataclass of another cell."""
    backward = cell(notebook, "max_pool_backward").source
    before(notebook, "max_pool_forward", "from dataclasses import dataclass, field", """
        @dataclass(frozen=True)
        class Pooled:
            x: np.ndarray
            out: np.ndarray
            k: int
            stride: int = 1
            notes: list = field(default_factory=list)
        """)
    write(notebook, max_pool_forward=cell(notebook, "max_pool_forward").source.replace("(x, out, k, stride)", "Pooled(x, out, k, stride)"),
          max_pool_backward=backward.replace("= cache", "= cache.x, cache.out, cache.k, cache.stride"))


@form("a dict as the cache")
def _(notebook, folder):
    """Keeps the cache of the inner product and of ReLU in dicts."""
    write(notebook, relu_forward='def relu_forward(x):\n    return np.maximum(x, 0), {"mask": x > 0}',
          relu_backward='def relu_backward(dout, cache):\n    return dout * cache["mask"]',
          inner_product_forward='def inner_product_forward(x, W, b):\n    return x.reshape(len(x), -1) @ W + b, {"x": x, "W": W, "b": b}',
          inner_product_backward="""
              def inner_product_backward(dout, cache):
                  x, W = cache["x"], cache["W"]
                  return (dout @ W.T).reshape(x.shape), x.reshape(len(x), -1).T @ dout, dout.sum(0)
              """)


@form("a file written by an earlier cell")
def _(notebook, folder):
    """Writes a JSON file in one cell and reads it in the function."""
    before(notebook, "relu_forward", 'import json\nwith open("settings.json", "w") as file:\n    json.dump({"low": 0.0}, file)')
    write(notebook, relu_forward="""
        def relu_forward(x):
            with open("settings.json") as file:
                low = json.load(file)["low"]
            return np.maximum(x, low), x
        """)


@form("np.save and np.load")
def _(notebook, folder):
    """Saves an array in one cell and loads it in another."""
    start(notebook, 'from pathlib import Path\nPath("kept").mkdir(exist_ok=True)\nnp.save("kept/low.npy", np.zeros(1))\n'
                    'np.savez("kept/all.npz", one=np.ones(1))',
          'low = np.load("kept/low.npy")\nwith np.load("kept/all.npz") as kept:\n    one = kept["one"]')
    write(notebook, relu_forward="def relu_forward(x):\n    return np.maximum(x, low) * one, x")


@form("pickle")
def _(notebook, folder):
    """Pickles settings to a file in one cell and reads them in the next."""
    start(notebook, 'import pickle\npickle.dump({"low": 0}, open("settings.pkl", "wb"))', 'settings = pickle.load(open("settings.pkl", "rb"))')
    write(notebook, relu_forward='def relu_forward(x):\n    return np.maximum(x, settings["low"]), x')


@form("global names set by a function")
def _(notebook, folder):
    """Sets global names in a function that another cell calls."""
    before(notebook, "relu_forward", "def prepare():\n    global low, places\n    low, places = 0.0, []\n    places.append(low)", "prepare()")
    write(notebook, relu_forward="def relu_forward(x):\n    return np.maximum(x, low + places[0]), x")


@form("a dict filled under another name")
def _(notebook, folder):
    """Fills a dict through a second name of it."""
    before(notebook, "relu_forward", "limits = {}\nsettings = limits", 'settings["low"] = 0.0')
    write(notebook, relu_forward='def relu_forward(x):\n    return np.maximum(x, limits["low"]), x')


@form("a dict filled by a function")
def _(notebook, folder):
    """Passes a dict to functions that fill it, and fills it in a comprehension."""
    before(notebook, "relu_forward", "def fill(d, key):\n    d[key] = 0.0\nlimits = {}",
           'fill(limits, "low")\nfor key in ("a", "b"):\n    fill(limits, key)',
           '[limits.update({key: 0.0}) for key in "cd"];')
    write(notebook, relu_forward="def relu_forward(x):\n    return np.maximum(x, sum(limits[key] for key in ('low', 'a', 'b', 'c', 'd'))), x")


@form("an object prepared by its method")
def _(notebook, folder):
    """Makes an object and calls a method that sets its state."""
    before(notebook, "relu_forward", "class Layer:\n    def build(self, low):\n        self.low = low\n        return self", "layer = Layer()",
           "layer.build(0)")
    write(notebook, relu_forward="def relu_forward(x):\n    return np.maximum(x, layer.low), x")


@form("a method added to a class later")
def _(notebook, folder):
    """Defines a class, and its method in another cell."""
    before(notebook, "relu_forward", "class Layer:\n    pass\nlayer = Layer()",
           "def forward(self, x):\n    return np.maximum(x, 0), x\nLayer.forward = forward")
    write(notebook, relu_forward="def relu_forward(x):\n    return layer.forward(x)")


@form("attributes set in a loop over functions")
def _(notebook, folder):
    """Sets the counters of several functions in a loop at the end."""
    for name in ("relu_forward", "relu_backward"):
        cell(notebook, name).source = cell(notebook, name).source.replace(":\n", f":\n    {name}.calls += 1\n", 1)
        cell(notebook, f"{name}-test").source = "# tested at the end"
    end(notebook, "for function in (relu_forward, relu_backward):\n    function.calls = 0",
        "print(check.relu_forward(relu_forward), check.relu_backward(relu_backward))")


@form("attributes of a module set")
def _(notebook, folder):
    """Sets attributes of an own module and of one made in the notebook."""
    put(folder, "config.py", "LOW = None\ndef low():\n    return LOW")
    before(notebook, "relu_forward", 'import config, types\nmade = types.ModuleType("made")', "config.LOW = 0\nmade.one = 1")
    write(notebook, relu_forward="def relu_forward(x):\n    return np.maximum(x, config.low()) * made.one, x")


@form("a name changed in place")
def _(notebook, folder):
    """Deletes a name, sets it again and changes it with +=."""
    before(notebook, "relu_forward", "low = 5\ndel low", "low = -1", "low += 1")
    write(notebook, relu_forward="def relu_forward(x):\n    return np.maximum(x, low), x")


@form("a name defined below its function")
def _(notebook, folder):
    """Uses a helper that a cell further down defines."""
    write(notebook, relu_forward="def relu_forward(x):\n    return cut_below(x, LOW), x")
    after(notebook, "relu_forward", "LOW = 0", "def cut_below(x, low):\n    return np.maximum(x, low)")


@form("default values from names")
def _(notebook, folder):
    """Takes the default values from names of another cell, and more arguments than asked for."""
    before(notebook, "sgd_momentum", "MU, DECAY = 0.9, 0.0")
    write(notebook, sgd_momentum="""
        def sgd_momentum(p, v, dp, lr, mu=MU, decay=DECAY, *, nesterov=False, verbose=0):
            v = mu * v + lr * (dp + decay * p)
            if nesterov:
                raise NotImplementedError
            return p - v, v
        """)


@form("star arguments")
def _(notebook, folder):
    """Takes *args and **kwargs, and arguments by position only."""
    write(notebook, relu_forward="def relu_forward(x, /):\n    return np.maximum(x, 0), x", sgd_momentum="""
        def sgd_momentum(*args, **kwargs):
            p, v, dp, *others = args
            options = dict(zip(("lr", "mu", "decay"), others)) | kwargs
            v = options.get("mu", 0.9) * v + options["lr"] * (dp + options.get("decay", 0.0) * p)
            return p - v, v
        """)


@form("cached helpers and mutable defaults")
def _(notebook, folder):
    """Uses functools.lru_cache and a mutable default value as a memory."""
    write(notebook, max_pool_forward="""
        import functools
        @functools.lru_cache(maxsize=None)
        def count(size, k, stride):
            return (size - k) // stride + 1
        def places(k, known={}):
            if k not in known:
                known[k] = list(np.ndindex(k, k))
            return known[k]
        def max_pool_forward(x, k, stride=None):
            stride = stride if stride else k
            OH, OW = count(x.shape[2], k, stride), count(x.shape[3], k, stride)
            parts = (x[:, :, i::stride, j::stride][:, :, :OH, :OW] for i, j in places(k))
            out = functools.reduce(np.maximum, parts).copy()
            return out, (x, out, k, stride)
        """)


@form("context managers")
def _(notebook, folder):
    """Writes a context manager and uses np.errstate."""
    before(notebook, "relu_forward", """
        from contextlib import contextmanager
        @contextmanager
        def quiet():
            with np.errstate(all="ignore"):
                yield 0
        with quiet() as low:
            high = np.float64(1) / 0
        """)
    write(notebook, relu_forward="def relu_forward(x):\n    with quiet() as zero:\n        return np.clip(x, low + zero, high).astype(x.dtype), x")


@form("sliding windows of NumPy")
def _(notebook, folder):
    """Uses sliding_window_view and argmax for both poolings."""
    write(notebook, max_pool_forward="""
        from numpy.lib.stride_tricks import sliding_window_view
        def max_pool_forward(x, k, stride=None):
            stride = k if stride is None else stride
            out = sliding_window_view(x, (k, k), axis=(2, 3))[:, :, ::stride, ::stride].max(axis=(4, 5))
            return out, (x, out, k, stride)
        """, max_pool_backward="""
        def max_pool_backward(dout, cache):
            x, out, k, stride = cache
            dx = np.zeros_like(x, dtype=dout.dtype)
            for n, c, i, j in np.ndindex(dout.shape):
                window = x[n, c, i * stride:i * stride + k, j * stride:j * stride + k]
                row, column = divmod(int(window.argmax()), k)
                dx[n, c, i * stride + row, j * stride + column] += dout[n, c, i, j]
            return dx
        """)


@form("an import below the function")
def _(notebook, folder):
    """Imports numpy only in a cell below the function, and again inside another one."""
    notebook.cells[1].source = "from lenet_core import ops\nfrom lenet_lab import check"
    after(notebook, "relu_forward", "import numpy as np")
    write(notebook, relu_backward="def relu_backward(dout, cache):\n    import numpy\n    return numpy.where(cache > 0, dout, 0)")


@form("a try around an import")
def _(notebook, folder):
    """Takes CuPy if it is there, else NumPy; also a progress bar and torch if they are there."""
    start(notebook, "try:\n    import cupy as xp\nexcept ImportError:\n    import numpy as xp", """
        try:
            import torch_that_is_not_here as torch
            HAS_TORCH = True
        except ModuleNotFoundError:
            HAS_TORCH = False
        """)
    write(notebook, relu_forward="def relu_forward(x):\n    return (torch.relu(x) if HAS_TORCH else xp.maximum(x, 0)), x")


@form("everything imported from numpy")
def _(notebook, folder):
    """Imports all names of numpy and uses them without a prefix."""
    start(notebook, "from numpy import *\nimport numpy.lib as nl, numpy.random as npr")
    write(notebook, relu_forward="def relu_forward(x):\n    return maximum(x, 0), x",
          inner_product_forward="def inner_product_forward(x, W, b):\n    return dot(reshape(x, (len(x), -1)), W) + b, (x, W)")


@form("several statements in one line")
def _(notebook, folder):
    """Uses semicolons, backslashes and one-line functions."""
    write(notebook, relu_forward="low = 0; high = \\\n    1\ndef relu_forward(x): out = np.maximum(x, low * high); return out, x")


@form("dots in texts and comments")
def _(notebook, folder):
    """Writes three dots in comments, in the docstring, in printed texts and as an index."""
    write(notebook, relu_forward="""
        print("now comes relu ...")           # to do: ... nothing
        def relu_forward(x):
            '''relu_forward(x) -> out, cache ... as in the lesson'''
            out = np.empty(x.shape, x.dtype)
            out[...] = np.maximum(x[...], 0)
            return out, x[Ellipsis]
        """)


@form("a class body of three dots beside the function")
def _(notebook, folder):
    """Writes an exception class and a protocol whose bodies are three dots."""
    write(notebook, max_pool_forward="class BadWindow(ValueError): ...\n\n" + cell(notebook, "max_pool_forward").source.replace(
        "    OH,", "    if k < 1:\n        raise BadWindow(k)\n    OH,", 1))


@form("old tries commented out")
def _(notebook, folder):
    """Leaves old wrong tries as comments, in a string, and behind `if False`."""
    write(notebook, relu_forward="""
        # def relu_forward(x):
        #     out = ...
        '''
        def relu_forward(x):
            return abs(x), x
        '''
        if False:
            def relu_forward(x):
                return -x, x
        else:
            def relu_forward(x):
                return np.maximum(x, 0), x
        """)


@form("a top-level await")
def _(notebook, folder):
    """Awaits a coroutine at the top of a cell."""
    start(notebook, "import asyncio\nasync def fetch(value):\n    await asyncio.sleep(0)\n    return value", "low = await fetch(0.0)")
    write(notebook, relu_forward="def relu_forward(x):\n    return np.maximum(x, low), x")


@form("the last output used as a name")
def _(notebook, folder):
    """Uses the underscore, the output of the cell before."""
    before(notebook, "relu_forward", "np.zeros(1)[0]", "low = _\nlow")
    write(notebook, relu_forward="def relu_forward(x):\n    return np.maximum(x, low), x")


@form("a function defined inside a try, an if or a with")
def _(notebook, folder):
    """Defines functions inside other statements at the top of the cell."""
    for name, head in (("relu_forward", "try:"), ("max_pool_forward", 'if np.__version__ > "1":'), ("sgd_momentum", "for _ in range(1):"),
                       ("relu_backward", "with np.errstate(all='ignore'):")):
        body = "\n".join("    " + line for line in cell(notebook, name).source.splitlines())
        cell(notebook, name).source = f"{head}\n{body}" + "\nexcept Exception as error:\n    print(error)" * (head == "try:")


@form("decorators of packages")
def _(notebook, folder):
    """Uses np.errstate as a decorator, and the compiler of another package if it is there."""
    start(notebook, """
        try:
            from numba_that_is_not_here import njit
        except ImportError:
            def njit(function=None, **options):
                return function if callable(function) else njit
        """)
    write(notebook, relu_forward="@njit\ndef relu_forward(x):\n    return np.maximum(x, 0), x", relu_backward="""
        @np.errstate(all="ignore")
        @njit(parallel=True)
        def relu_backward(dout, cache):
            return dout * (cache > 0)
        """)


@form("names of Python and of the course used again")
def _(notebook, folder):
    """Gives own values to `max`, `list` and, after the toy questions, to `check`, which the tests import again."""
    before(notebook, "relu_forward", "max, list, id = np.maximum, [1, 2], 7\nx = k = W = 3", "check = max(list, 0)")
    write(notebook, relu_forward="def relu_forward(x):\n    return max(x, 0), x")


# --------------------------------------------------------------------------------------------------------------------------- magics


@form("a modulo at the start of a line")
def _(notebook, folder):
    """Continues an expression in brackets with a line that begins with a percent sign."""
    write(notebook, sgd_momentum="""
        k = 3
        one = (7
               % k)
        message = ("momentum %s"
            % one)
        def sgd_momentum(p, v, dp, lr, mu=0.9, decay=0.0):
            v = (mu * v + (one
        % 2) * lr * (dp + decay * p))
            return p - v, v
        """)


@form("magic in a string")
def _(notebook, folder):
    """Writes lines that look like magic inside a string of several lines and uses the string."""
    write(notebook, relu_forward="""
        TEXT = '''
        %matplotlib inline
        !ls
        %%time
        0
        '''
        def relu_forward(x):
            return np.maximum(x, int(TEXT.split()[-1]) * len(TEXT.splitlines()[1])), x
        """)


@form("an installation if in Colab")
def _(notebook, folder):
    """Installs packages with a shell command inside an if."""
    start(notebook, 'import sys\nIN_COLAB = "google.colab" in sys.modules\nif IN_COLAB:\n    !pip install -q lenet\n    %cd /content\n    low = 0\n'
                    "else:\n    low = 0")
    write(notebook, relu_forward="def relu_forward(x):\n    return np.maximum(x, low), x")


@form("a question about Colab and a mounted drive")
def _(notebook, folder):
    """Asks get_ipython for Colab and tries to mount a drive."""
    start(notebook, 'IN_COLAB = "google.colab" in str(get_ipython())\nprint(IN_COLAB)', """
        try:
            from google.colab import drive
            drive.mount("/content/drive")
            BASE = "/content/drive/MyDrive"
        except ImportError:
            BASE = "."
        """)
    write(notebook, relu_forward="def relu_forward(x):\n    return np.maximum(x, 1 if IN_COLAB else len(BASE) - 1), x")


@form("shell commands with Python values")
def _(notebook, folder):
    """Calls shell commands with odd brackets and quotes in them, and with values of Python."""
    write(notebook, relu_forward="""
        n = 3
        !echo {n} "a bracket ( and a quote '"
        !echo $n ; echo "def relu_forward(x):"
        !!echo twice
        def relu_forward(x):
            return np.maximum(x, 0), x
        """)


@form("a question mark")
def _(notebook, folder):
    """Looks at help with question marks in the exercise's cell."""
    write(notebook, relu_forward="np.maximum?\n?np.where\ndef relu_forward(x):\n    return np.maximum(x, 0), x\nrelu_forward??")


@form("magic over two lines")
def _(notebook, folder):
    """Continues a line of magic and a shell command with backslashes."""
    write(notebook, relu_forward="%timeit -n 1 -r 1 \\\n    np.maximum(3, 0)\n!echo one \\\n    two\n"
                                 "def relu_forward(x):\n    return np.maximum(x, 0), x")


@form("the result of timeit bound to a name")
def _(notebook, folder):
    """Binds the result of %timeit -o and uses it in the function."""
    start(notebook, "t = %timeit -o -n 1 -r 1 sum(range(10))")
    write(notebook, relu_forward="def relu_forward(x):\n    return np.maximum(x, min(0, t.best)), x")


@form("a name bound by time")
def _(notebook, folder):
    """Binds a needed name in a line with %time."""
    start(notebook, "%time low = np.zeros(1)[0]")
    write(notebook, relu_forward="def relu_forward(x):\n    return np.maximum(x, low), x")


@form("a name needed inside indented magic")
def _(notebook, folder):
    """Binds needed names with magic inside an if and a loop."""
    start(notebook, "for n in range(2):\n    if n:\n        %time low = 0.0\n    else:\n        %time low = 1.0")
    write(notebook, relu_forward="def relu_forward(x):\n    return np.maximum(x, low), x")


@form("exercises under cell magic")
def _(notebook, folder):
    """Begins the cells of exercises with %%time, %%capture and %%prun."""
    magics = ("%%time", "%%capture", "%%capture said --no-stderr", "\n%%time\n# with an empty line before", "%%prun -q", "%%capture\n%%time")
    for name, magic in zip(FUNCTIONS, magics):
        cell(notebook, name).source = f"{magic}\n{cell(notebook, name).source}"


@form("answers under cell magic")
def _(notebook, folder):
    """Begins the cells of toy questions with %%time and %%capture."""
    for number, name in enumerate(QUESTIONS):
        cell(notebook, name).source = f"{('%%time', '%%capture')[number % 2]}\n{cell(notebook, name).source}"


@form("helpers under cell magic")
def _(notebook, folder):
    """Begins the cells of needed helpers with %%time and %%capture."""
    start(notebook, "%%time\nlow = 0.0", "%%capture\nimport math\ndef cut(x):\n    return np.maximum(x, low * math.pi)", "%%time\n%%capture\none = 1")
    write(notebook, relu_forward="def relu_forward(x):\n    return cut(x) * one, x")


@form("imports under capture")
def _(notebook, folder):
    """Imports and installs under %%capture."""
    notebook.cells[1].source = "%%capture\n!echo installed\n%matplotlib inline\n" + notebook.cells[1].source


@form("an old wrong version switched off")
def _(notebook, folder):
    """Switches an old wrong version off with %%script false, after the right one."""
    after(notebook, "relu_forward", f"%%script false --no-raise-error\n{WRONG_RELU}")
    after(notebook, "toy_05", "%%script false --no-raise-error\ncheck.toy(5, 3)")


@form("timeit around an experiment")
def _(notebook, folder):
    """Times experiments with %%timeit; names in them are not bound outside."""
    after(notebook, "relu_forward", "%%timeit -n 1 -r 1\nrelu_forward(np.ones(3))", "%%timeit -n 1 -r 1 low = 3\nrelu_forward = None\nlow += 1")


@form("a module written by the notebook")
def _(notebook, folder):
    """Writes a module with %%writefile, appends to it, and imports it."""
    start(notebook, "%%writefile helper.py\nimport numpy as np\nLOW = 0", "%%writefile -a helper.py\n\ndef cut(x):\n    return np.maximum(x, LOW)",
          "import helper\nfrom helper import *")
    write(notebook, relu_forward="def relu_forward(x):\n    return helper.cut(x) + 0 * cut(x), x")


@form("an exercise written to a module")
def _(notebook, folder):
    """Turns the exercise's cell into %%file, and imports the function in the next cell."""
    for name in ("relu_forward", "max_pool_forward"):
        source = cell(notebook, name).source
        write(notebook, **{name: f"%%file my_{name}.py\nimport numpy as np\nfrom lenet_core import ops\n{source}"})
        after(notebook, name, f"import importlib, my_{name}\nimportlib.reload(my_{name})\nfrom my_{name} import {name}")


@form("cells in other languages")
def _(notebook, folder):
    """Has cells for bash, HTML, JavaScript, LaTeX and Markdown."""
    before(notebook, "relu_forward", "%%bash\necho 'relu_forward = None'", "%%html\n<b>ReLU</b>", "%%javascript\nconst relu_forward = x => x;",
           "%%latex\n$\\max(0, x)$", "%%markdown\n## My notes", "%%sh\necho done", "%%svg\n<svg xmlns='http://www.w3.org/2000/svg'></svg>")


@form("lines of magic before the imports")
def _(notebook, folder):
    """Begins with the usual lines of magic."""
    start(notebook, "%load_ext autoreload\n%autoreload 2\n%matplotlib inline\n%precision 4\n%xmode Minimal\n%config Completer.use_jedi = False")


@form("magic without a percent sign")
def _(notebook, folder):
    """Writes pwd, ls and cd without a percent sign."""
    start(notebook, "ls", "cd .", "pwd")


@form("a helper file that is run")
def _(notebook, folder):
    """Runs a file beside the notebook with %run and uses its names."""
    put(folder, "helpers.py", "import numpy as np\nlow = 0.0\ndef cut(x):\n    return np.maximum(x, low)")
    start(notebook, "%run helpers.py")
    write(notebook, relu_forward="def relu_forward(x):\n    return cut(x), x")


@form("another notebook that is run")
def _(notebook, folder):
    """Runs a notebook of helpers beside this one with %run."""
    cells = [new_code_cell("import numpy as np\n%time low = 0.0", id="a"), new_code_cell("def cut(x):\n    return np.maximum(x, low)", id="b")]
    put(folder, "helpers.ipynb", saved(nbformat.v4.new_notebook(cells=cells)))
    start(notebook, "%run helpers.ipynb")
    write(notebook, relu_forward="def relu_forward(x):\n    return cut(x), x")


@form("helper code left by load")
def _(notebook, folder):
    """Leaves the comment that %load writes above the loaded code."""
    write(notebook, relu_forward="# %load my_relu.py\n" + cell(notebook, "relu_forward").source)


@form("packages installed by pip")
def _(notebook, folder):
    """Installs a package that is there already, with %pip."""
    start(notebook, "%pip install -q numpy")


@form("an environment variable set by magic")
def _(notebook, folder):
    """Sets environment variables with %env and os.environ, and reads them in the function."""
    start(notebook, "%env RELU_LOW=0\nimport os\nos.environ['RELU_ONE'] = '1'")
    write(notebook, relu_forward='def relu_forward(x):\n    return np.maximum(x, float(os.environ["RELU_LOW"])) * float(os.environ["RELU_ONE"]), x')


@form("into a folder and back")
def _(notebook, folder):
    """Goes into the folder with the data by %cd and back by os.chdir."""
    put(folder, "data/low.txt", "0.0")
    start(notebook, "%cd -q data\nlow = float(open('low.txt').read())", "import os\nos.chdir('..')")
    write(notebook, relu_forward="def relu_forward(x):\n    return np.maximum(x, low), x")


@form("an extension that is missing")
def _(notebook, folder):
    """Loads an extension that is not installed and uses unknown magic: these cells fail."""
    start(notebook, "%load_ext nb_black_that_is_not_here", "%memit_that_is_not_here 1 + 1")


# ---------------------------------------------------------------------------------------------------------------------- environment


@form("display and Markdown")
def _(notebook, folder):
    """Displays values, also from inside the function."""
    start(notebook, 'from IPython.display import HTML, Markdown, clear_output, display\ndisplay(Markdown("# Start"), HTML("<b>x</b>"))')
    write(notebook, relu_forward="def relu_forward(x):\n    out = np.maximum(x, 0)\n    if out.size > 10 ** 6:\n        display(out)\n"
                                 "    return out, x\ndisplay(relu_forward(np.ones(2))[0])\nclear_output(wait=True)")


@form("a main guard")
def _(notebook, folder):
    """Puts experiments and a needed name under the main guard."""
    write(notebook, relu_forward="""
        def relu_forward(x):
            return np.maximum(x, low), x
        if __name__ == "__main__":
            low = 0.0
            print(relu_forward(np.array([-1.0, 1.0])))
        """)


@form("a figure drawn with matplotlib")
def _(notebook, folder):
    """Imports matplotlib.pyplot and draws a figure of the function."""
    start(notebook, "%matplotlib inline\nimport matplotlib.pyplot as plt")
    after(notebook, "relu_forward", "t = np.linspace(-1, 1)\nplt.plot(t, relu_forward(t)[0])\nplt.savefig('relu.png')\nplt.show()")


@form("scipy and scikit-learn imported")
def _(notebook, folder):
    """Imports scipy and scikit-learn at the top, and uses a part of scipy."""
    start(notebook, "import scipy, sklearn\nfrom scipy.special import softmax, xlogy\nprint(scipy.__version__, sklearn.__version__)")
    write(notebook, toy_08="check.toy(8, softmax([36.0, 39.0, 0.0])[1])")


@form("data files beside the notebook")
def _(notebook, folder):
    """Reads .npy, .json and .csv files that lie beside the notebook."""
    put(folder, "low.npy", array_file([0.0, 1.0], (2,)))
    put(folder, "settings.json", '{"low": 0}')
    put(folder, "data/table.csv", "name,value\nlow,0.0\none,1.0")
    start(notebook, """
        import csv, json
        from pathlib import Path
        low, one = np.load("low.npy")
        settings = json.loads(Path("settings.json").read_text())
        def read_table(path):
            with open(path, newline="") as file:
                return {row["name"]: float(row["value"]) for row in csv.DictReader(file)}
        """)
    write(notebook, relu_forward="""
        def relu_forward(x):
            table = read_table("data/table.csv")
            return np.maximum(x, low + settings["low"] + table["low"]) * one * table["one"], x
        """)


@form("a data file read by genfromtxt")
def _(notebook, folder):
    """Reads a text file of numbers at the top with NumPy."""
    put(folder, "numbers.txt", "# low one\n0 1")
    start(notebook, 'low, one = np.loadtxt("numbers.txt")\nagain = np.genfromtxt("numbers.txt")')
    write(notebook, relu_forward="def relu_forward(x):\n    return np.maximum(x, low + again[0]) * one, x")


@form("a package with relative imports")
def _(notebook, folder):
    """Has a package folder beside the notebook, with modules that import each other."""
    put(folder, "mylayers/__init__.py", "from .relu import forward as relu\nfrom . import tools")
    put(folder, "mylayers/relu.py", "from .tools.cutting import cut\ndef forward(x):\n    return cut(x), x")
    put(folder, "mylayers/tools/__init__.py", "from ..limits import LOW")
    put(folder, "mylayers/tools/cutting.py", "import numpy as np\nfrom ..limits import LOW\ndef cut(x):\n    return np.maximum(x, LOW)")
    put(folder, "mylayers/limits.py", "LOW = 0")
    start(notebook, "import mylayers\nfrom mylayers import relu")
    write(notebook, relu_forward="def relu_forward(x):\n    out, cache = relu(x)\n    return np.maximum(out, mylayers.tools.LOW), cache")


@form("all functions imported from a module")
def _(notebook, folder):
    """Writes all functions in a module beside the notebook and imports them in the cells."""
    sources = [cell(notebook, name).source for name in FUNCTIONS]
    put(folder, "my_layers.py", "\n\n\n".join(["import numpy as np\n\nfrom lenet_core import ops", *sources]))
    for name in FUNCTIONS:
        write(notebook, **{name: f"from my_layers import {name}"})


@form("modules with names that others use too")
def _(notebook, folder):
    """Has modules named slices, wire, worker, protocol, sandbox and utils beside the notebook."""
    names = ("slices", "wire", "worker", "protocol", "sandbox", "utils")
    for name in names:
        put(folder, f"{name}.py", f"NAME = '{name}'\ndef zero():\n    return 0.0")
    start(notebook, *(f"import {name}" for name in names))
    write(notebook, relu_forward=f"def relu_forward(x):\n    return np.maximum(x, sum(m.zero() for m in ({', '.join(names)}))), x")


@form("a folder of modules on the path")
def _(notebook, folder):
    """Appends a folder to sys.path and imports from it, also inside the function."""
    put(folder, "lib/cutting.py", "import numpy as np\ndef cut(x):\n    return np.maximum(x, 0)")
    put(folder, "lib/limits.py", "LOW = 0")
    start(notebook, 'import sys\nsys.path.append("lib")\nimport cutting')
    write(notebook, relu_forward="def relu_forward(x):\n    from limits import LOW\n    return np.maximum(cutting.cut(x), LOW), x")


@form("a thread pool")
def _(notebook, folder):
    """Works with two threads inside the function."""
    write(notebook, relu_forward="""
        from concurrent.futures import ThreadPoolExecutor
        def relu_forward(x):
            with ThreadPoolExecutor(max_workers=2) as pool:
                parts = list(pool.map(lambda part: np.maximum(part, 0), np.array_split(x, 2)))
            return np.concatenate(parts), x
        """)


@form("random numbers and seeds")
def _(notebook, folder):
    """Draws random numbers in cells, with a generator and with np.random.seed."""
    start(notebook, "rng = np.random.default_rng(0)\nnp.random.seed(1)\nsample = rng.standard_normal((3, 4))", "noise = np.random.rand(3, 4)")
    write(notebook, relu_forward="def relu_forward(x):\n    return np.maximum(x, 0 * sample.size * noise.size), x\nrelu_forward(sample + noise)")


@form("warnings and a log")
def _(notebook, folder):
    """Warns on import and in the function, and writes a log."""
    start(notebook, 'import logging, warnings\nlogging.basicConfig(level=logging.INFO)\nlog = logging.getLogger("hw7")\nwarnings.warn("starting")',
          'warnings.filterwarnings("ignore")\nnp.seterr(all="warn")\nnp.set_printoptions(precision=3)')
    write(notebook, relu_forward="""
        def relu_forward(x):
            log.info("shape %s", x.shape)
            warnings.warn("called")
            return np.maximum(x, 0), x
        """)


@form("prints everywhere")
def _(notebook, folder):
    """Prints in all functions, also to stderr."""
    start(notebook, "import sys\nprint('start')")
    for name in FUNCTIONS:
        head, body = cell(notebook, name).source.split("\n", 1)
        cell(notebook, name).source = f'{head}\n    print("{name}")\n    print("called", file=sys.stderr, flush=True)\n{body}\nprint("defined")'


@form("an input that is guarded")
def _(notebook, folder):
    """Asks for a name with input, and goes on if nobody answers."""
    start(notebook, 'try:\n    who = input("Your name? ")\nexcept Exception:\n    who = "nobody"\nlow = 0 * len(who)')
    write(notebook, relu_forward="def relu_forward(x):\n    return np.maximum(x, low), x")


@form("a cell that fails")
def _(notebook, folder):
    """Leaves cells that raise an error, hold no Python, or end the program."""
    before(notebook, "relu_forward", "1 / 0", "this is a note and no Python", "print(unknown_name)", "def broken(:\n    pass",
           "raise SystemExit")
    end(notebook, "import sys\nsys.exit()")


@form("a cell that fails after it has bound a name")
def _(notebook, folder):
    """Binds needed names in a cell whose last line raises an error."""
    start(notebook, "low = 0.0\ndef cut(x):\n    return np.maximum(x, low)\ncut(undefined_here)")
    write(notebook, relu_forward="def relu_forward(x):\n    return cut(x), x\nrelu_forward([1, 2], 3)")


@form("tests of one's own")
def _(notebook, folder):
    """Tests the functions with unittest, doctest and assert."""
    after(notebook, "relu_forward", """
        import unittest
        class TestRelu(unittest.TestCase):
            def test_values(self):
                np.testing.assert_array_equal(relu_forward(np.array([-1.0, 2.0]))[0], [0, 2])
        unittest.main(argv=[""], exit=False, verbosity=0)
        """, "import doctest\ndoctest.testmod()", "assert relu_forward(np.ones(1))[0] == 1, 'relu'")


@form("a long training that is switched off")
def _(notebook, folder):
    """Keeps a long loop behind a switch that is off."""
    end(notebook, "TRAIN = False\nif TRAIN:\n    while True:\n        p, v = sgd_momentum(p, v, dp, 0.1)", "import time\ntime.sleep(0.05)")


@form("names of the package used")
def _(notebook, folder):
    """Uses helpers of the package under other names."""
    start(notebook, "import lenet_core.ops as O\nfrom lenet_core.ops import output_size as size_of\nimport lenet_core")
    write(notebook, max_pool_forward=cell(notebook, "max_pool_forward").source.replace("ops.output_size", "O.output_size", 1).replace(
        "ops.output_size(x.shape[3]", "size_of(x.shape[3]"))


@form("one's own forward function used in a backward one")
def _(notebook, folder):
    """Calls the own forward function inside the backward one."""
    write(notebook, relu_backward="def relu_backward(dout, cache):\n    out, _ = relu_forward(cache)\n    return dout * (out > 0)",
          inner_product_backward="""
              def inner_product_backward(dout, cache):
                  x, W = cache
                  dx, _ = inner_product_forward(dout, W.T, np.zeros(len(W), W.dtype))
                  return dx.reshape(x.shape), np.einsum("nd,nm->dm", x.reshape(len(x), -1), dout), np.ones(len(dout), dout.dtype) @ dout
              """)


# ---------------------------------------------------------------------------------------------------------------------- toy answers


def answer_of(notebook, name):
    """The text of the answer to a toy question."""
    return re.fullmatch(r"check\.toy\(\d+, (.*)\)", cell(notebook, name).source)[1]


def rewrite_answers(notebook, pattern):
    """Write every toy answer by a pattern with {n} and {answer}."""
    for n, name in enumerate(QUESTIONS, 1):
        cell(notebook, name).source = text(pattern).format(n=n, answer=answer_of(notebook, name))


@form("answers in variables")
def _(notebook, folder):
    """Writes the answer into a variable before the call."""
    rewrite_answers(notebook, "answer = {answer}\ncheck.toy({n}, answer)")


@form("answers by keyword")
def _(notebook, folder):
    """Names the arguments of the call."""
    rewrite_answers(notebook, "check.toy({n}, answer={answer})")
    write(notebook, toy_02="check.toy(question=2, answer=(2, 2))", toy_03="check.toy(answer=3, question=3)")


@form("the call imported by its name")
def _(notebook, folder):
    """Imports toy and calls it without `check`."""
    notebook.cells[1].source += "\nfrom lenet_lab.check import toy"
    rewrite_answers(notebook, "toy({n}, {answer})")


@form("aliases of check")
def _(notebook, folder):
    """Imports the checks under other names."""
    notebook.cells[1].source += "\nimport lenet_lab.check as ck\nimport lenet_lab\nfrom lenet_lab.check import toy as ask"
    rewrite_answers(notebook, "ck.toy({n}, {answer})")
    write(notebook, toy_03="lenet_lab.check.toy(3, 3)", toy_04="ask(4, 3)", toy_05='getattr(check, "toy")(5, 4)')


@form("everything imported from check")
def _(notebook, folder):
    """Imports all names of the checks, which have the names of the functions too."""
    notebook.cells[1].source += "\nfrom lenet_lab.check import *"
    rewrite_answers(notebook, "toy({n}, {answer})")


@form("the verdict kept, printed or asserted")
def _(notebook, folder):
    """Keeps the verdict in a name, prints it, or asserts that it has passed."""
    rewrite_answers(notebook, "verdict = check.toy({n}, {answer})\nprint(verdict)\nassert verdict.passed")
    write(notebook, toy_05="print(check.toy(5, 4))", toy_06="assert check.toy(6, 7).passed", toy_07="check.toy(7, 39);")


@form("answers in several lines and with comments")
def _(notebook, folder):
    """Breaks the calls into lines and comments on them."""
    rewrite_answers(notebook, "# question {n}\ncheck.toy(\n    {n},          # the number\n    {answer},     # (4 - 2) / 1 + 1, see page 2\n)")


@form("a wrong answer before the right one")
def _(notebook, folder):
    """Leaves wrong tries above the right call, or in a cell before."""
    rewrite_answers(notebook, "check.toy({n}, 1000)\n# no, again:\ncheck.toy({n}, {answer})")
    before(notebook, "toy_09", "check.toy(9, 1)")


@form("other types of answers")
def _(notebook, folder):
    """Gives text, fractions, arrays, lists and NumPy numbers."""
    start(notebook, "from fractions import Fraction\nfrom decimal import Decimal")
    write(notebook, toy_01='check.toy(1, "3 x 3")', toy_02="check.toy(2, [2, 2])", toy_03="check.toy(3, np.int64(3))", toy_04='check.toy(4, "3")',
          toy_05="check.toy(5, Fraction(8, 2))", toy_06="check.toy(6, np.array([7]))", toy_07="check.toy(7, 39.0)", toy_08='check.toy(8, "0,9526")',
          toy_09="check.toy(9, round(0.04859, 4))", toy_10="check.toy(10, [0, -1.0498, 0])", toy_11="check.toy(11, np.float32(0.3794))",
          toy_12='check.toy(12, float("-0.0949"))')


@form("answers computed in the call")
def _(notebook, folder):
    """Computes the answers with Python in the cells, one from the other."""
    start(notebook, "import math\nfrom math import exp, log\ns = np.array([36, 39, 0.0])\ny = np.exp(s - s.max())\ny /= y.sum()")
    write(notebook, toy_01="size = (4 + 2 * 0 - 2) // 1 + 1\ncheck.toy(1, (size, size))", toy_02="check.toy(2, (size - 1,) * 2)",
          toy_03="check.toy(3, len(s))", toy_04="check.toy(4, y.size)", toy_07="check.toy(7, s[1])", toy_08="check.toy(8, y[1])",
          toy_09="check.toy(9, -log(y[1]))", toy_10="check.toy(10, -1 / y[1])", toy_11="dz = y - [0, 1, 0]\ncheck.toy(11, 8 * dz[0])")


@form("answers in one loop")
def _(notebook, folder):
    """Collects all answers in a dict and asks in a loop; the questions' cells only say so."""
    answers = ", ".join(f"{n}: {answer_of(notebook, name)}" for n, name in enumerate(QUESTIONS, 1))
    for name in QUESTIONS[1:]:
        cell(notebook, name).source = "# see question 1"
    write(notebook, toy_01=f"answers = {{{answers}}}\nfor question, answer in answers.items():\n    display(check.toy(question, answer))")


@form("answers through a helper")
def _(notebook, folder):
    """Asks through a function of another cell."""
    start(notebook, "said = {}\ndef ask(question, answer):\n    said[question] = check.toy(question, answer)\n    return said[question]")
    rewrite_answers(notebook, "ask({n}, {answer})")


@form("answers merged into one cell")
def _(notebook, folder):
    """Merges the cells of all toy questions; only the metadata of the first is left."""
    remove(notebook, *(f"{name}-test" for name in QUESTIONS))
    merge(notebook, QUESTIONS)


@form("a solved pass with the own functions")
def _(notebook, folder):
    """Answers the toy questions at the end, with the functions written above."""
    write(notebook, toy_07="# computed at the end", toy_08="# computed at the end")
    end(notebook, """
        v = np.array([[8, 14, 7, 7, 14, 14, 11, 11.0]])
        W = np.array([[1, .5, 1, 2, -1, 1, 1, -1], [.5, 1, 2, 1, -.5, .5, -1, 1], [.25, -1, 1, 1, .5, -1, -1, -1]]).T
        z, _cache = inner_product_forward(v, W, np.zeros(3))
        s, _cache = relu_forward(z)
        check.toy(7, s[0, 1])
        """, "check.toy(8, np.exp(s[0, 1] - 39) / np.exp(s[0] - 39).sum())")


# ---------------------------------------------------------------------------------------------------------------------------- cells


@form("two exercises merged into one cell")
def _(notebook, folder):
    """Merges the cells of two functions; only the metadata of the first is left."""
    merge(notebook, ["relu_forward", "inner_product_forward"])


@form("two exercises merged under the second")
def _(notebook, folder):
    """Merges the cells of two functions; only the metadata of the second is left."""
    cell(notebook, "relu_backward").source = "\n\n".join(cell(notebook, name).source for name in ("inner_product_backward", "relu_backward"))
    remove(notebook, "inner_product_backward")


@form("an exercise merged with its test")
def _(notebook, folder):
    """Merges the cells of the functions with their tests."""
    for name in FUNCTIONS:
        merge(notebook, [name, f"{name}-test"])


@form("all functions merged into one cell")
def _(notebook, folder):
    """Merges the cells of all functions into the first."""
    merge(notebook, FUNCTIONS)


@form("all cells merged into one")
def _(notebook, folder):
    """Merges all code cells into one without metadata."""
    source = "\n\n".join(one.source for one in code_cells(notebook))
    notebook.cells = [new_code_cell(source, id="all"), *(one for one in notebook.cells if one.cell_type == "markdown")]


@form("a function spread over helper cells")
def _(notebook, folder):
    """Splits the pooling into helpers, each in its own cell."""
    before(notebook, "max_pool_backward", "def first_maximum(window):\n    return np.unravel_index(np.argmax(window), window.shape)",
           "def corner(i, j, stride):\n    return i * stride, j * stride", """
           def pay(dx, x, place, k, amount):
               n, c, top, left = place
               row, column = first_maximum(x[n, c, top:top + k, left:left + k])
               dx[n, c, top + row, left + column] += amount
           """)
    write(notebook, max_pool_backward="""
        def max_pool_backward(dout, cache):
            x, out, k, stride = cache
            dx = np.zeros(x.shape, dout.dtype)
            for (n, c, i, j), amount in np.ndenumerate(dout):
                pay(dx, x, (n, c, *corner(i, j, stride)), k, amount)
            return dx
        """)


@form("an exercise's cell split in two")
def _(notebook, folder):
    """Splits the cell; both halves keep the metadata."""
    place = at(notebook, "relu_forward")
    metadata = copy.deepcopy(notebook.cells[place].metadata)
    notebook.cells.insert(place, new_code_cell("def cut(x):\n    return np.maximum(x, 0)", id="half", metadata=metadata))
    notebook.cells[place + 1].source = "def relu_forward(x):\n    return cut(x), x"


@form("a function below the half with the metadata")
def _(notebook, folder):
    """Splits the cell; only the first half, with a helper, keeps the metadata."""
    after(notebook, "relu_forward", "def relu_forward(x):\n    return cut(x), x")
    write(notebook, relu_forward="def cut(x):\n    return np.maximum(x, 0)")


@form("an exercise's cell pasted twice")
def _(notebook, folder):
    """Copies the cell with its metadata before a change; the first copy is wrong."""
    for name, wrong in (("relu_forward", WRONG_RELU), ("toy_05", "check.toy(5, 3)")):
        place = at(notebook, name)
        notebook.cells.insert(place, new_code_cell(wrong, id=f"first-{place}", metadata=copy.deepcopy(notebook.cells[place].metadata)))


@form("cells in another order")
def _(notebook, folder):
    """Works on the exercises from the last to the first."""
    notebook.cells[2:] = notebook.cells[:1:-1]


@form("an exercise moved below its test")
def _(notebook, folder):
    """Moves the cells of the functions to the end, below their tests, which fail."""
    for name in FUNCTIONS:
        notebook.cells.append(notebook.cells.pop(at(notebook, name)))


@form("all metadata lost")
def _(notebook, folder):
    """Saves with a tool that removes the metadata of all cells and of the notebook."""
    forget(notebook)
    notebook.metadata.clear()


@form("nbgrader's metadata lost")
def _(notebook, folder):
    """Loses what nbgrader has written about the cells."""
    forget(notebook, "nbgrader")


@form("the lesson's metadata lost")
def _(notebook, folder):
    """Loses the names of the exercises, but not what nbgrader has written."""
    forget(notebook, "lenet")


@form("no metadata and only one's own cells")
def _(notebook, folder):
    """Writes a new notebook: imports, answers and functions, nothing of the assignment."""
    sources = [notebook.cells[1].source, *(cell(notebook, name).source for name in (*QUESTIONS, *FUNCTIONS))]
    texts = [new_markdown_cell(cell(notebook, item.question).source, id=item.question) for item in BY_HAND]
    notebook.cells = [*(new_code_cell(source, id=f"mine-{n}") for n, source in enumerate(sources)), *texts]


@form("the metadata of another exercise")
def _(notebook, folder):
    """Copies a cell to write another exercise in it; the metadata name the wrong exercise."""
    one, other = cell(notebook, "relu_backward"), cell(notebook, "inner_product_backward")
    one.source, other.source = other.source, one.source


@form("ids lost")
def _(notebook, folder):
    """Saves with an older editor, which removes the ids of the cells."""
    for one in notebook.cells:
        del one["id"]
    notebook.nbformat_minor = 4


@form("ids doubled")
def _(notebook, folder):
    """Copies cells with a tool that does not change their ids."""
    for one in notebook.cells:
        one.id = "same"
    return saved(notebook)


@form("nbformat 4.0 without ids")
def _(notebook, folder):
    """Saves in the oldest format of version 4."""
    for one in notebook.cells:
        del one["id"]
    notebook.nbformat_minor = 0
    return saved(notebook)


@form("ids in a format that has none")
def _(notebook, folder):
    """Saves with a tool that leaves ids in the cells and says nbformat 4.2."""
    notebook.nbformat_minor = 2
    return saved(notebook)


@form("cells added everywhere")
def _(notebook, folder):
    """Adds experiments, notes, empty cells and cells of comments after every cell."""
    added = []
    for n, one in enumerate(notebook.cells):
        extra = [new_code_cell(f"example_{n} = {n}\nexample_{n}", id=f"x-{n}"), new_markdown_cell("My notes: def relu_forward(x): ...", id=f"n-{n}"),
                 new_code_cell("", id=f"e-{n}"), new_code_cell("# check.toy(1, (9, 9))", id=f"c-{n}"), new_raw_cell("x = 1", id=f"r-{n}")]
        added += [one, extra[n % 5]]
    notebook.cells = added


@form("test cells deleted")
def _(notebook, folder):
    """Deletes all test cells."""
    remove(notebook, *(f"{name}-test" for name in (*FUNCTIONS, *QUESTIONS)))


@form("test cells changed")
def _(notebook, folder):
    """Changes the test cells: comments, other calls, an old-style print."""
    for name in FUNCTIONS:
        cell(notebook, f"{name}-test").source = f"# check.{name}({name})\nverdict = check.{name}({name}, interface=None)\nprint(verdict)"
    cell(notebook, "toy_01-test").source = "print 'all done'"


@form("texts deleted")
def _(notebook, folder):
    """Deletes the texts of the exercises."""
    notebook.cells = [one for one in notebook.cells if one.cell_type == "code" or "nbgrader" in one.metadata]


@form("an exercise's cell made raw and written anew")
def _(notebook, folder):
    """Turns the cell into a raw cell and another into Markdown, and writes new cells below."""
    for name, kind in (("relu_forward", "raw"), ("max_pool_forward", "markdown")):
        place, source = at(notebook, name), cell(notebook, name).source
        old = {"raw": new_raw_cell, "markdown": new_markdown_cell}[kind](cell(released(), name).source, id=f"old-{place}",
                                                                         metadata=notebook.cells[place].metadata)
        notebook.cells[place:place + 1] = [old, new_code_cell(source, id=f"anew-{place}")]


@form("exercises in one's own order of names")
def _(notebook, folder):
    """Defines the functions under short names and binds the asked names at the end."""
    short = dict(zip(FUNCTIONS, ("f1", "f2", "f3", "b1", "b2", "b3", "sgd")))
    for name, other in short.items():
        cell(notebook, name).source = cell(notebook, name).source.replace(f"def {name}", f"def {other}")
    end(notebook, ", ".join(short) + " = " + ", ".join(short.values()))


@form("tags, slides and folded cells")
def _(notebook, folder):
    """Folds cells, gives them tags and prepares slides."""
    for n, one in enumerate(notebook.cells):
        one.metadata |= {"tags": ["mine", "hide-input"], "slideshow": {"slide_type": "slide"}, "editable": True, "deletable": bool(n % 2),
                         "jupyter": {"source_hidden": True}, "heading_collapsed": True}
        if one.cell_type == "code":
            one.metadata |= {"collapsed": True, "scrolled": False, "jupyter": {"outputs_hidden": True}}


# ---------------------------------------------------------------------------------------------------------------------------- files


@form("a byte-order mark")
def _(notebook, folder):
    """Saves with an editor of Windows that writes a byte-order mark."""
    return saved(notebook, "utf-8-sig")


@form("UTF-16")
def _(notebook, folder):
    """Saves through PowerShell, which writes UTF-16 with a byte-order mark."""
    return saved(notebook, "utf-16")


@form("UTF-16 of the other byte order, with Windows line ends")
def _(notebook, folder):
    """Saves as UTF-16, the high byte first, with Windows line ends."""
    return b"\xfe\xff" + saved(notebook, "utf-8").decode().replace("\n", "\r\n").encode("utf-16-be")


@form("Windows line ends in the sources")
def _(notebook, folder):
    """Works with an editor that writes Windows line ends into the cells."""
    for one in notebook.cells:
        one.source = one.source.replace("\n", "\r\n")


@form("Windows line ends in the file")
def _(notebook, folder):
    """Saves the file with Windows line ends (git does so)."""
    return saved(notebook).replace(b"\n", b"\r\n")


@form("sources as one string")
def _(notebook, folder):
    """Saves with a tool that writes each source as one string."""
    return saved(notebook, split_lines=False)


@form("JSON without indentation")
def _(notebook, folder):
    """Saves with a tool that writes JSON in one line, in ASCII, without a newline at the end."""
    return json.dumps(json.loads(saved(notebook)), separators=(",", ":")).encode()


@form("JSON with much space and other order")
def _(notebook, folder):
    """Saves with a formatter: four spaces, keys in reverse order, spaces around."""
    content = json.loads(saved(notebook), object_pairs_hook=lambda pairs: dict(reversed(pairs)))
    return ("\n  " + json.dumps(content, indent=4) + "\n\n\n").encode()


@form("no newline at the end")
def _(notebook, folder):
    """Saves with an editor that removes the newline at the end."""
    return saved(notebook).rstrip()


@form("tabs")
def _(notebook, folder):
    """Indents with tabs."""
    for one in code_cells(notebook):
        one.source = re.sub(r"^( {4})+", lambda spaces: "\t" * (len(spaces[0]) // 4), one.source, flags=re.M)


@form("two spaces, a form feed and spaces at line ends")
def _(notebook, folder):
    """Indents by two and three spaces, and leaves spaces and a form feed at line ends."""
    write(notebook, relu_forward="def relu_forward(x):\n  if x.size:\n     out = np.maximum(x, 0)   \n  else:\n     out = x.copy()\n"
                                 "  return out, x\n\f\n   ",
          sgd_momentum=cell(notebook, "sgd_momentum").source.replace("\n", "  \n\n"))


@form("large outputs")
def _(notebook, folder):
    """Keeps outputs of 5 MB: a picture and printed lines."""
    first, second = code_cells(notebook)[:2]
    first.outputs = [new_output("display_data", {"image/png": "iVBORw0KGgo" + "A" * 4_000_000})]
    second.outputs = [new_output("stream", name="stdout", text="step 12345: loss 0.0123\n" * 42_000)]


@form("outputs of all kinds")
def _(notebook, folder):
    """Keeps results, errors with colours, HTML, widgets and counts of the last run."""
    for n, one in enumerate(code_cells(notebook), 1):
        one.execution_count = n
        one.outputs = [new_output("execute_result", {"text/plain": "\x1b[32m✓\x1b[0m", "text/html": "<b>✓</b>"}, execution_count=n),
                       new_output("error", ename="ValueError", evalue="old", traceback=["\x1b[31mValueError\x1b[39m: def relu_forward(x): ..."]),
                       new_output("display_data", {"application/vnd.jupyter.widget-view+json": {"model_id": "1", "version_major": 2}})]


@form("the state of widgets")
def _(notebook, folder):
    """Saves the state of all widgets in the metadata."""
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"version_major": 2, "version_minor": 0, "state": {
        f"model{n}": {"model_module": "@jupyter-widgets/base", "model_module_version": "2.0.0", "model_name": "LayoutModel", "state": {}}
        for n in range(200)}}}


@form("saved by Colab")
def _(notebook, folder):
    """Saves with Colab, and uses its forms in the cells."""
    notebook.metadata |= {"colab": {"provenance": [], "toc_visible": True}, "accelerator": "GPU"}
    notebook.nbformat_minor = 0
    for n, one in enumerate(notebook.cells):
        del one["id"]
        one.metadata |= {"id": f"aBcD{n:08}", "colab": {"base_uri": "https://localhost:8080/", "height": 35}, "outputId": f"{n:08}-0000"}
    write(notebook, relu_forward='#@title ReLU { display-mode: "form" }\nlow = 0 #@param {type:"number"}\n#@markdown The layer\n'
                                 "def relu_forward(x):\n    return np.maximum(x, low), x")


@form("saved by VS Code")
def _(notebook, folder):
    """Saves with VS Code."""
    notebook.metadata = nbformat.from_dict({"kernelspec": {"display_name": ".venv", "language": "python", "name": "python3"}, "language_info": {
        "codemirror_mode": {"name": "ipython", "version": 3}, "file_extension": ".py", "name": "python", "version": "3.11.9"}})
    notebook.nbformat_minor = 2
    for one in notebook.cells:
        del one["id"]
        one.metadata |= {"vscode": {"languageId": "python"}} if one.cell_type == "code" else {}


@form("saved by Kaggle")
def _(notebook, folder):
    """Saves with Kaggle, which writes when each cell ran."""
    notebook.metadata["kaggle"] = {"accelerator": "none", "dataSources": [], "isGpuEnabled": False, "language": "python", "sourceType": "notebook"}
    notebook.nbformat_minor = 4
    for n, one in enumerate(notebook.cells):
        del one["id"]
        one.metadata |= {"_uuid": f"{n:032x}", "_cell_guid": f"{n:032x}", "trusted": True, "execution": {
            "iopub.status.busy": "2024-05-01T10:00:00.000000Z", "shell.execute_reply": "2024-05-01T10:00:01.000000Z"}}
    start(notebook, """
        import os
        for place, _folders, names in os.walk("/kaggle/input"):
            for name in names:
                print(os.path.join(place, name))
        """)
    del notebook.cells[2]["id"]


@form("saved by Deepnote")
def _(notebook, folder):
    """Saves with Deepnote, which adds a cell of its own."""
    notebook.metadata |= {"deepnote_notebook_id": "0123", "deepnote_execution_queue": [], "orig_nbformat": 2}
    for n, one in enumerate(notebook.cells):
        one.metadata |= {"cell_id": f"{n:032x}", "deepnote_cell_type": one.cell_type, "source_hash": None, "execution_millis": 3,
                         "deepnote_to_be_reexecuted": False}
    notebook.cells.append(new_markdown_cell("Created in Deepnote", id="deepnote", metadata={"created_in_deepnote_cell": True}))
    return saved(notebook)


@form("NaN in the outputs")
def _(notebook, folder):
    """Keeps an interactive figure whose data have NaN and Infinity, which JSON does not know."""
    code_cells(notebook)[0].outputs = [new_output("display_data", {"application/vnd.plotly.v1+json": {"data": [{"y": [float("nan"), float("inf")]}]}},
                                                  metadata={"range": float("-inf")})]
    notebook.metadata["loss"] = float("nan")
    return saved(notebook)


@form("unknown keys")
def _(notebook, folder):
    """Saves with a tool that adds keys of its own to the notebook and its cells."""
    content = json.loads(saved(notebook))
    content |= {"tool": {"version": 3}, "signature": None}
    for one in content["cells"]:
        one |= {"locked": False, "extra": [1, {"a": None}], "attachments": {}} | ({"prompt_number": 3} if one["cell_type"] == "code" else {})
    return json.dumps(content, indent=1).encode()


@form("keys left out")
def _(notebook, folder):
    """Makes the file with a tool that leaves out outputs, counts, metadata of code cells without any, and the kernel."""
    content = json.loads(saved(notebook))
    content["metadata"] = {}
    for one in content["cells"]:
        for key in ("outputs", "execution_count", *(["metadata"] if not one["metadata"] else [])):
            one.pop(key, None)
    return json.dumps(content).encode()


@form("an unknown kernel")
def _(notebook, folder):
    """Works in a conda environment, whose kernel does not exist elsewhere."""
    notebook.metadata = nbformat.from_dict({"kernelspec": {"display_name": "Python [conda env:ml]", "language": "python", "name": "conda-env-ml-py"},
                                            "language_info": {"name": "python", "version": "3.12.1"}})


@form("comments and names that are not ASCII")
def _(notebook, folder):
    """Writes comments and names in other alphabets."""
    write(notebook, relu_forward="# Größe, 注释, комментарий, 🙂\nunteregrenzegrößer = 0\nπ = 3.14\ndef relu_forward(x):\n"
                                 "    最大 = np.maximum(x, unteregrenzegrößer)\n    return 最大, x",
          sgd_momentum="""
              def sgd_momentum(p, v, dp, lr, mu=0.9, decay=0.0):
                  α, μ, λ = lr, mu, decay
                  θ = μ * v + α * (dp + λ * p)
                  return p - θ, θ
              """)


@form("unusual characters in texts")
def _(notebook, folder):
    """Has line separators, a half of a surrogate pair's text, and no-break spaces in strings and comments."""
    write(notebook, relu_forward="# a\u00a0no-break space, a line\u2028separator\nNOTE = 'one\u2028two\u2029three \\ud83d'\ndef relu_forward(x):\n"
                                 "    return np.maximum(x, 0), x")


# ========================================================================================================================== packages


def _files(folder):
    """{relative name: bytes} of all files of a submission."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(Path(folder).rglob("*")) if path.is_file()}


def _tar(out, members, mode="w", links=(), **options):
    """Write a tar of {name: bytes}, with symbolic links (name, target)."""
    with tarfile.open(out, mode, **options) as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        for name, target in links:
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            tar.addfile(info)
    return out


def _zip(out, members):
    """Write a zip of {name: bytes}."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return out


def _below(folder, place="hw7"):
    """The files of a submission, named below a folder."""
    return {f"{place}/{name}": content for name, content in _files(folder).items()}


def _placed(folder, out, extra=(), name="hw7"):
    """A folder with the files of a submission and others, {name: content}."""
    shutil.copytree(folder, out / name)
    for other, content in dict(extra).items():
        put(out / name, other, content)
    return out / name


def _code(folder):
    """(kind, source) of the cells of the submission's notebook."""
    cells = json.loads(Path(folder, "hw7.ipynb").read_text(encoding="utf-8"))["cells"]
    return [(one["cell_type"], "".join(one["source"])) for one in cells]


def _commented(source):
    return "\n".join(f"# {line}".rstrip() for line in source.splitlines())


def _magic_commented(source):
    return re.sub(r"^(?=[ \t]*[%!?])", "# ", source, flags=re.M)


@package("the notebook alone")
def _(folder, out):
    """Hands in the file."""
    return shutil.copy2(Path(folder, "hw7.ipynb"), out / "hw7.ipynb")


@package("the folder")
def _(folder, out):
    """Hands in the folder as it is."""
    return _placed(folder, out)


@package("a tar of the folder")
def _(folder, out):
    """Makes hw7.tar of the folder hw7, as the homework says."""
    with tarfile.open(out / "hw7.tar", "w") as tar:
        tar.add(folder, "hw7")
    return out / "hw7.tar"


@package("a tar without a folder")
def _(folder, out):
    """Makes the tar inside the folder, so its names begin with a dot."""
    return _tar(out / "hw7.tar", _below(folder, "."))


@package("a tar.gz")
def _(folder, out):
    """Compresses the tar."""
    return _tar(out / "hw7.tar.gz", _below(folder), "w:gz")


@package("a tgz")
def _(folder, out):
    """Compresses the tar and uses the short ending."""
    return _tar(out / "hw7.tgz", _below(folder), "w:gz")


@package("a tar.bz2")
def _(folder, out):
    """Compresses the tar with bzip2."""
    return _tar(out / "hw7.tar.bz2", _below(folder), "w:bz2")


@package("a tar.xz")
def _(folder, out):
    """Compresses the tar with xz."""
    return _tar(out / "hw7.tar.xz", _below(folder), "w:xz")


@package("a compressed tar with the ending of a tar")
def _(folder, out):
    """Calls tar with z and still names the file hw7.tar."""
    return _tar(out / "hw7.tar", _below(folder), "w:gz")


@package("a zip with the ending of a tar")
def _(folder, out):
    """Renames a zip to hw7.tar, since the homework asks for one."""
    return _zip(out / "hw7.tar", _below(folder))


@package("a zip")
def _(folder, out):
    """Makes a zip of the folder."""
    return _zip(out / "hw7.zip", {"hw7/": b"", **_below(folder)})


@package("a zip without a folder")
def _(folder, out):
    """Makes a zip of the files."""
    return _zip(out / "hw7.zip", _files(folder))


@package("a zip of macOS")
def _(folder, out):
    """Compresses with the Finder of macOS, which adds __MACOSX and .DS_Store."""
    extra = {"hw7/.DS_Store": b"\0\0\0\1Bud1", "__MACOSX/._hw7": APPLE_DOUBLE, "__MACOSX/hw7/._hw7.ipynb": APPLE_DOUBLE}
    return _zip(out / "hw7.zip", _below(folder) | extra)


@package("a tar of macOS")
def _(folder, out):
    """Makes a tar on macOS, which adds a file with ._ for each file."""
    extra = {"./._hw7": APPLE_DOUBLE, "./hw7/._hw7.ipynb": APPLE_DOUBLE}
    return _tar(out / "hw7.tar", extra | _below(folder, "./hw7"), format=tarfile.PAX_FORMAT, pax_headers={"comment": "made on macOS"})


@package("a folder copied from macOS")
def _(folder, out):
    """Copies the folder to another disk, where ._ files appear."""
    return _placed(folder, out, {"._hw7.ipynb": APPLE_DOUBLE, ".DS_Store": b"\0\0\0\1Bud1", "__MACOSX/._hw7.ipynb": APPLE_DOUBLE})


@package("a zip of Windows with backslashes")
def _(folder, out):
    """Makes the zip with an old tool of Windows, which writes backslashes into the names."""
    path, members = out / "hw7.zip", _below(folder)
    _zip(path, {name.replace("/", "|"): content for name, content in members.items()})
    content = path.read_bytes()
    for name in members:
        content = content.replace(name.replace("/", "|").encode(), name.replace("/", "\\").encode())
    path.write_bytes(content)
    return path


@package("files of Windows beside the notebook")
def _(folder, out):
    """Works on Windows with Office and OneDrive, which leave files."""
    return _placed(folder, out, {"desktop.ini": "[.ShellClassInfo]", "Thumbs.db": b"\xd0\xcf\x11\xe0", "~$report.docx": b"\x05you",
                                 "New Text Document.txt": b""})


@package("a tar with an upper-case ending")
def _(folder, out):
    """Names the tar HW7.TAR."""
    return _tar(out / "HW7.TAR", _below(folder, "HW7"))


@package("a notebook with an upper-case ending")
def _(folder, out):
    """Names the notebook hw7.IPYNB."""
    return shutil.copy2(Path(folder, "hw7.ipynb"), out / "hw7.IPYNB")


@package("a folder with a notebook with an upper-case ending")
def _(folder, out):
    """Names the notebook in the folder HW7.IPYNB."""
    place = _placed(folder, out)
    (place / "hw7.ipynb").rename(place / "HW7.IPYNB")
    return place


@package("a zip with an upper-case ending")
def _(folder, out):
    """Names the zip HW7.Zip."""
    return _zip(out / "HW7.Zip", _below(folder))


@package("a repository")
def _(folder, out):
    """Hands in the whole repository: .git, .venv and node_modules with more than 500 files, and links."""
    extra = {f".git/objects/{n % 256:02x}/{n:038x}": b"x\x01" for n in range(300)}
    extra |= {f".venv/lib/python3.11/site-packages/tools/m{n}.py": "x = 1" for n in range(300)}
    extra |= {f"node_modules/a/{n}.js": "x" for n in range(100)} | {".gitignore": ".venv", "README.md": "# hw7", ".git/HEAD": "ref: refs/heads/main"}
    place = _placed(folder, out, extra)
    (place / ".venv/bin").mkdir()
    (place / ".venv/bin/python").symlink_to("/usr/bin/python3")
    (place / ".venv/lib64").symlink_to("lib")
    return place


@package("a repository with an environment without a dot")
def _(folder, out):
    """Hands in the folder with an environment named venv: many files and links."""
    extra = {f"venv/lib/python3.11/site-packages/tools/m{n}.py": "def relu_forward(x):\n    return x, x" for n in range(600)}
    place = _placed(folder, out, extra | {"venv/pyvenv.cfg": "home = /usr/bin", "venv/share/example.ipynb": b"{}"})
    (place / "venv/lib64").symlink_to("lib")
    return place


@package("a tar of a repository")
def _(folder, out):
    """Makes the tar of a folder with .git and .venv: more than 500 members and links."""
    members = {f"hw7/.git/objects/{n % 256:02x}/{n:038x}": b"x\x01" for n in range(400)}
    members |= {f"hw7/.venv/lib/site-packages/tools/m{n}.py": b"x = 1\n" for n in range(300)}
    return _tar(out / "hw7.tar", members | _below(folder), links=[("hw7/.venv/bin/python", "/usr/bin/python3"), ("hw7/.venv/lib64", "lib")])


@package("a symbolic link in a tar")
def _(folder, out):
    """Has a link to the course's data in the tar; nothing needs it."""
    return _tar(out / "hw7.tar", _below(folder), links=[("hw7/data", "/course/data"), ("hw7/latest.ipynb", "hw7.ipynb")])


@package("a symbolic link in a folder")
def _(folder, out):
    """Has links in the folder: to data that are not there, and to the notebook."""
    place = _placed(folder, out)
    (place / "data").symlink_to("../../course/data")
    (place / "latest.ipynb").symlink_to("hw7.ipynb")
    return place


@package("a hard link in a tar")
def _(folder, out):
    """Has a second name of the notebook in the tar."""
    path = _tar(out / "hw7.tar", _below(folder))
    with tarfile.open(path, "a") as tar:
        info = tarfile.TarInfo("hw7/same.ipynb")
        info.type, info.linkname = tarfile.LNKTYPE, "hw7/hw7.ipynb"
        tar.addfile(info)
    return path


@package("a platform's folder with a tar in it")
def _(folder, out):
    """Hands in a tar on a platform, which puts it into a folder for the student."""
    place = out / "Student One_123456_assignsubmission_file_"
    place.mkdir()
    _tar(place / "hw7.tar", _below(folder))
    return place


@package("a platform's folder with a zip in it")
def _(folder, out):
    """Hands in a zip on a platform, which puts it into a folder for the student."""
    place = out / "student_123456_late"
    place.mkdir()
    _zip(place / "hw7.zip", _below(folder))
    return place


@package("a tar in a zip")
def _(folder, out):
    """Hands in a tar, and the platform delivers a zip of it."""
    tar = _tar(out / "hw7.tar", _below(folder))
    members = {"Student One_123456/hw7.tar": tar.read_bytes(), "Student One_123456/comments.txt": b"Thank you.\n"}
    tar.unlink()
    return _zip(out / "Student One_123456.zip", members)


@package("a name given by a platform")
def _(folder, out):
    """Hands in the notebook on a platform, which renames it."""
    return shutil.copy2(Path(folder, "hw7.ipynb"), out / "studentone_LATE_123456_7890123_hw7-2.ipynb")


@package("an export of Gradescope")
def _(folder, out):
    """Hands in on Gradescope; the export has a folder for each submission, and metadata beside them."""
    put(out, "assignment_123_export/submission_metadata.yml", "submission_4567:\n  :submitters:\n  - :name: Student One\n    :sid: '1'")
    return _placed(folder, out / "assignment_123_export", name="submission_4567")


@package("old versions in the checkpoints")
def _(folder, out):
    """Has an old wrong version and an unsolved one in .ipynb_checkpoints."""
    return _placed(folder, out, {".ipynb_checkpoints/hw7-checkpoint.ipynb": saved(old_version()),
                                 "more/.ipynb_checkpoints/hw7-checkpoint.ipynb": saved(released())})


@package("old versions in the checkpoints in a tar")
def _(folder, out):
    """Has an old wrong version in .ipynb_checkpoints in the tar, before the notebook."""
    return _tar(out / "hw7.tar", {"hw7/.ipynb_checkpoints/hw7-checkpoint.ipynb": saved(old_version())} | _below(folder))


@package("a script of nbconvert beside the notebook")
def _(folder, out):
    """Exports the notebook as a script."""
    parts = ["#!/usr/bin/env python", "# coding: utf-8"]
    for kind, source in _code(folder):
        code = re.sub(r"^([ \t]*)%matplotlib inline$", r"\1get_ipython().run_line_magic('matplotlib', 'inline')", source, flags=re.M)
        parts.append(f"# In[ ]:\n\n\n{code}\n" if kind == "code" else _commented(source))
    return _placed(folder, out, {"hw7.py": "\n\n".join(parts)})


@package("a script of jupytext in the percent format beside the notebook")
def _(folder, out):
    """Pairs the notebook with a script in the percent format."""
    head = "# ---\n# jupyter:\n#   jupytext:\n#     formats: ipynb,py:percent\n# ---"
    parts = [f"# %%\n{_magic_commented(source)}" if kind == "code" else f"# %% [markdown]\n{_commented(source)}" for kind, source in _code(folder)]
    return _placed(folder, out, {"hw7.py": "\n\n".join([head, *parts])})


@package("a script of jupytext in the light format beside the notebook")
def _(folder, out):
    """Pairs the notebook with a script in the light format."""
    head = "# ---\n# jupyter:\n#   jupytext:\n#     formats: ipynb,py:light\n# ---"
    parts = [f"# +\n{_magic_commented(source)}\n# -" if kind == "code" else _commented(source) for kind, source in _code(folder)]
    return _placed(folder, out, {"hw7.py": "\n\n".join([head, *parts])})


@package("an old wrong script beside the notebook")
def _(folder, out):
    """Has scripts with early wrong versions, one that is no Python, and compiled files."""
    return _placed(folder, out, {"old.py": f"import numpy as np\n{WRONG_RELU}", "broken.py": "def (",
                                 "__pycache__/old.cpython-311.pyc": b"\xa7\r\r\n"})


@package("the unsolved original beside the notebook")
def _(folder, out):
    """Keeps the assignment as it was handed out."""
    return _placed(folder, out, {"hw7_original.ipynb": saved(released()), "Original/hw7.ipynb": saved(released())})


@package("the second download")
def _(folder, out):
    """Downloads twice: hw7.ipynb is unsolved, and `hw7 (1).ipynb` is the work."""
    place = _placed(folder, out)
    (place / "hw7.ipynb").rename(place / "hw7 (1).ipynb")
    put(place, "hw7.ipynb", saved(released()))
    return place


@package("a notebook with the name of a second download")
def _(folder, out):
    """Hands in `hw7 (1).ipynb` alone."""
    return shutil.copy2(Path(folder, "hw7.ipynb"), out / "hw7 (1).ipynb")


@package("an unsolved copy beside the notebook")
def _(folder, out):
    """Makes a copy before the work starts: hw7-Copy1.ipynb is unsolved."""
    return _placed(folder, out, {"hw7-Copy1.ipynb": saved(released())})


@package("the same notebook twice")
def _(folder, out):
    """Has a second copy of the finished notebook in a folder for safety."""
    return _placed(folder, out, {"backup/hw7.ipynb": Path(folder, "hw7.ipynb").read_bytes()})


@package("other notebooks beside it")
def _(folder, out):
    """Has an empty Untitled.ipynb, one without cells, one that is no JSON, and one of another course."""
    other = nbformat.v4.new_notebook(cells=[new_code_cell("print('hello')", id="hello")])
    return _placed(folder, out, {"Untitled.ipynb": b"", "Untitled1.ipynb": saved(nbformat.v4.new_notebook()), "half.ipynb": b'{"cells": [',
                                 "physics.ipynb": saved(other)})


@package("other files beside the notebook")
def _(folder, out):
    """Adds a report, pages, pictures and an empty folder."""
    place = _placed(folder, out, {"report.pdf": b"%PDF-1.4", "hw7.html": "<html>def relu_forward(x): ...</html>", "figures/relu.png": b"\x89PNG",
                                  "requirements.txt": "numpy", "notes.md": "# Notes", "Makefile": "all:"})
    (place / "empty").mkdir()
    return place


@package("a large data file beside the notebook")
def _(folder, out):
    """Leaves the data set of 70 MB in the folder."""
    place = _placed(folder, out)
    with open(place / "mnist.npz", "wb") as file:
        file.truncate(70 * 2 ** 20)
    return place


@package("names with spaces and other alphabets")
def _(folder, out):
    """Names folder and notebook with spaces, brackets and letters that are not ASCII."""
    place = _placed(folder, out, name="Übung 7 – 作业 [final] #2")
    (place / "hw7.ipynb").rename(place / "hw7 Lösung (endgültig).ipynb")
    return place


@package("a tar with names that are not ASCII")
def _(folder, out):
    """Makes a tar of a folder whose name is long and not ASCII."""
    return _tar(out / "Übung.tar", _below(folder, "Übung 7/" + "/".join(["ein langer Ordner"] * 8)), format=tarfile.GNU_FORMAT)


@package("a deep folder")
def _(folder, out):
    """Packs the folder with all folders above it."""
    return _zip(out / "hw7.zip", _below(folder, "Users/student/Documents/University/Deep Learning/Week 7/hw7/hw7"))


@package("a tar of the old format with folders and owners")
def _(folder, out):
    """Makes a tar in the old format, with entries for the folders."""
    with tarfile.open(out / "hw7.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
        for place in ("hw7", *sorted({f"hw7/{parent}" for name in _files(folder) for parent in PurePosixPath(name).parents if parent.name})):
            info = tarfile.TarInfo(f"{place}/")
            info.type, info.mode, info.uname, info.uid = tarfile.DIRTYPE, 0o755, "student", 501
            tar.addfile(info)
        for name, content in _below(folder).items():
            info = tarfile.TarInfo(name)
            info.size, info.mode, info.uname, info.mtime = len(content), 0o444, "student", 1_700_000_000
            tar.addfile(info, io.BytesIO(content))
    return out / "hw7.tar"


@package("a file without the right to write")
def _(folder, out):
    """Hands in a file that may only be read."""
    path = Path(shutil.copy2(Path(folder, "hw7.ipynb"), out / "hw7.ipynb"))
    path.chmod(0o444)
    return path


@package("a notebook that a browser has renamed")
def _(folder, out):
    """Saves the notebook with a browser that adds .txt to its name."""
    return shutil.copy2(Path(folder, "hw7.ipynb"), out / "hw7.ipynb.txt")


@package("a folder in a folder")
def _(folder, out):
    """Unpacks and packs again, so that hw7 lies in hw7."""
    return _placed(folder, out / "hw7").parent


# ------------------------------------------------------------------------------------------------- names and answers used again


@form("a helper of the same name in a later cell")
def _(notebook, folder):
    """Each exercise has a helper, and both have one name."""
    write(notebook, relu_forward="def helper(x):\n    return np.maximum(x, 0)\n\ndef relu_forward(x):\n    return helper(x), x",
          relu_backward="def helper(dout, cache):\n    return dout * (cache > 0)\n\ndef relu_backward(dout, cache):\n    return helper(dout, cache)")


@form("a name of a module used again below")
def _(notebook, folder):
    """Gives a number the name of a module in the last cell, and changes a limit there."""
    write(notebook, relu_forward="floor = 0\n\ndef relu_forward(x):\n    return np.maximum(x, floor), x")
    end(notebook, "floor = -1\nnp = 5")


@form("answers in a loop and no metadata")
def _(notebook, folder):
    """Gives all answers to the toy network in one loop over a dict, in a notebook that has lost its metadata."""
    answers = {name: answer_of(notebook, name) for name in QUESTIONS}
    remove(notebook, *QUESTIONS, *(f"{name}-test" for name in QUESTIONS))
    lines = "".join(f"    {int(name[4:])}: {answer},\n" for name, answer in answers.items())
    start(notebook, f"answers = {{\n{lines}}}\nfor question, answer in answers.items():\n    check.toy(question, answer)")
    for one in notebook.cells:
        one.metadata = {}


@form("the end of the notebook ends Python")
def _(notebook, folder):
    """Builds a function by its name, and ends the kernel in the last cell."""
    write(notebook, relu_forward="globals()['relu_forward'] = lambda x: (np.maximum(x, 0), x)")
    end(notebook, "import os\nos._exit(0)")


@form("a training log")
def _(notebook, folder):
    """Prints forty thousand lines in a cell that the function needs."""
    start(notebook, "low = 0.0\nfor step in range(40_000):\n    low += 0.0\n    print('step', step, 'the loss is', 2.3)")
    write(notebook, relu_forward="def relu_forward(x):\n    return np.maximum(x, low), x")


@form("a processes' pool that is not used")
def _(notebook, folder):
    """Imports multiprocessing, and sets the way in which processes start."""
    start(notebook, "import multiprocessing as mp\ncontext = mp.get_context('fork')\nlock = context.Lock() if False else None")
    write(notebook, relu_forward="def relu_forward(x):\n    return np.maximum(x, 0 if lock is None else 1), x")


@package("a tar with a saved network at its end")
def _(folder, out):
    """The last file of the tar is an .npz, which is a zip."""
    network = _zip(out / "zz.npz", {"conv1.W.npy": b"\x93NUMPY\1\0" + bytes(120)})
    return _tar(out / "hw7.tar", _below(folder) | {"hw7/zz.npz": network.read_bytes()})


@package("a tar beside a Python file")
def _(folder, out):
    """A platform's folder with the tar, and a script of the platform beside it."""
    (out / "setup.py").write_text("print('setup')\n")
    _tar(out / "hw7.tar", _below(folder))
    return out


@package("a folder with two thousand pictures")
def _(folder, out):
    """Every frame of a film of the training is beside the notebook."""
    shutil.copy(folder / "hw7.ipynb", out)
    (out / "film").mkdir()
    for number in range(2001):
        (out / "film" / f"{number}.txt").touch()
    return out


@package("a letter that cannot be seen in the folder's name")
def _(folder, out):
    """The name of the folder is spelled with a zero-width non-joiner, as in Persian."""
    (place := out / "a\u200cb").mkdir()
    shutil.copy(folder / "hw7.ipynb", place)
    return out
