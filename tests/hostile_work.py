"""Harmless stand-ins for submissions that want points without work, or want to harm the grader. They are data for tests.

`ATTEMPTS` are notebooks, `ARCHIVES` are files and folders that the grader reads. No attempt solves an exercise: each must get 0 points.
An attempt that reaches something outside its process raises an error whose text begins with REACHED, or writes the file CANARY, or
has the text of the file SECRET in an error. So a test looks for these three, for points, and for processes that are left over.

Everything is bounded, in case a guard fails: signals are 0, or SIGTERM to PARENT in one attempt; at most 200 further processes, which end
after five seconds; at most 4 GiB of memory, 200 MB of files, and a minute of work. The network is 127.0.0.1 and 192.0.2.1 (TEST-NET).
"""

import copy
import functools
import io
import json
import os
import struct
import tarfile
import textwrap
import zipfile
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lenet_lab.check import engine
from lenet_lab.check.exercises import EXERCISES
from lenet_lab.grade.points import GRADED, TOTAL

KINDS = ("special cases", "evading", "redirecting output", "injecting into the checker", "the machine", "files", "processes", "network",
         "resources", "the grader's protocol", "reading secrets", "archives", "notebooks")
# CANARY: a path that must not exist afterwards. SECRET: a file that must not be read. PORT: a port where the test listens on 127.0.0.1.
# PARENT: the number of the grader's process. HERE: the folder of this package, with its solutions. In the sources these names stand in
# braces, and are replaced by Python literals.
PLACES = {"CANARY": "/nowhere/canary", "SECRET": "/nowhere/secret", "PORT": 9, "PARENT": os.getpid(),
          "HERE": Path(engine.__file__).resolve().parents[2]}
# The functions that the attempts share. Only the statements that an exercise uses are run.
SETUP = '''\
import numpy as np
from lenet_core import lenet, load_mnist, ops
from lenet_lab import check, plots


def reached(what):
    """End with REACHED. Process 1 of a list of processes of its own is not the grader."""
    import os
    if os.getppid() != 1 or {PARENT} == 1:
        raise ValueError("REACHED " + what)


def native(name, *values):
    """Call a function of the C library without loading a library; returns (result, errno)."""
    import ctypes
    call = ctypes.CFUNCTYPE(ctypes.c_int, *[ctypes.c_long] * len(values), use_errno=True)((name, ctypes.pythonapi))
    return call(*values), ctypes.get_errno()


def frame(tree, body=b"", lengths=None):
    """A message of the grader's protocol: the JSON `tree` as text, and the bytes of arrays."""
    import struct
    return struct.pack(">QQ", *(lengths or (len(tree), len(body)))) + tree.encode() + body


def everywhere(message, times=1):
    """Write a message to all descriptors."""
    import os
    for number in [*range(3, 64)] * times:
        try:
            os.write(number, message)
        except OSError:
            pass
'''


class Attempt(NamedTuple):
    """A submission: its kind, one sentence about it, the {exercise or None: source} of its cells, {name: bytes} beside it, the first cell."""

    kind: str
    about: str
    cells: dict
    files: dict = {}
    setup: str = SETUP


def filled(source, **places):
    """A source with the places, as Python literals."""
    for name, value in (PLACES | places).items():
        source = source.replace("{" + name + "}", repr(value if isinstance(value, int) else str(value)))
    return source


def notebook(cells):
    """The text of a notebook with these (exercise or None, source) cells."""
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [
        {"cell_type": "code", "source": source, "outputs": [], "execution_count": None,
         "metadata": {"lenet": {"exercise": exercise}} if exercise else {}} for exercise, source in cells]})


def write(attempt, folder, **places):
    """Write hw7.ipynb and the files beside it into a folder; returns the path of the notebook. `places` are described at `PLACES`."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in attempt.files.items():
        (folder / name).write_bytes(filled(content.decode("utf-8", "surrogateescape"), **places).encode("utf-8", "surrogateescape"))
    cells = [(None, attempt.setup), *attempt.cells.items()]
    path = folder / "hw7.ipynb"
    path.write_text(notebook([(exercise, filled(source, **places)) for exercise, source in cells]), encoding="utf-8")
    return path


def relu(body, result="x, x"):
    """The cell of a function that does something, and returns its input: wrong work."""
    return {"relu_forward": f"def relu_forward(x):\n{textwrap.indent(textwrap.dedent(body).strip(), '    ')}\n    return {result}"}


def toy(body, answer="0"):
    """The cell of a toy question (5, whose answer is 4), which does something while it is read."""
    return {"toy_05": f"{textwrap.dedent(body).strip()}\ncheck.toy(5, {answer})"}


ATTEMPTS = {}


def _add(kind, **attempts):
    """Add attempts: a sentence and the cells, and perhaps the files."""
    ATTEMPTS.update({name.replace("_", " "): Attempt(kind, *parts) for name, parts in attempts.items()})


# --------------------------------------------------------------------------------------------------------------------- special cases


def _stored(name, right, arguments):
    """The source of a function that has the answers to the cases of seed 0, and returns zeros else."""
    known = {}

    def listening(*args):
        known[repr([np.asarray(arg).tolist() for arg in args])] = right(*args).tolist()
        return right(*args), args

    engine.examine(EXERCISES[name], listening)
    return {name: (f"KNOWN = {known!r}\n\n\ndef {name}({arguments}):\n    key = repr([np.asarray(arg).tolist() for arg in ({arguments},)])\n"
                   f"    return np.array(KNOWN.get(key, 0 * x), x.dtype), ({arguments},)")}


_add("special cases",
     stored_relu=("The answers to the visible cases are stored.", _stored("relu_forward", lambda x: np.maximum(x, 0), "x")),
     stored_inner_product=("The answers of the inner product to the visible cases are stored.", _stored(
         "inner_product_forward", lambda x, W, b: x.reshape(len(x), -1) @ W + b, "x, W, b")),
     first_calls=("The first calls are answered rightly, the others not.", relu(
         "COUNT.append(1)\nif len(COUNT) < 4: return np.maximum(x, 0), x") | {None: "COUNT = []"}),
     small_arrays=("Only small arrays are answered rightly.", relu("if x.size < 7: return np.maximum(x, 0), x", "np.zeros_like(x), x")),
     returns_its_input=("Every function returns its first argument.", {
         name: f"def {name}(x, *args, **kwargs):\n    return x, x" for name in GRADED if name in EXERCISES}),
     zeros_by_shape=("Every function returns zeros of the right shape.", {
         "relu_forward": "def relu_forward(x):\n    return np.zeros(x.shape), x",
         "relu_backward": "def relu_backward(dout, cache):\n    return np.zeros(dout.shape)",
         "inner_product_forward": "def inner_product_forward(x, W, b):\n    return np.zeros((len(x), len(b))), (x, W)",
         "inner_product_backward": "def inner_product_backward(dout, cache):\n    x, W = cache\n"
                                   "    return np.zeros(x.shape), np.zeros(W.shape), np.zeros(dout.shape[1])",
         "max_pool_forward": "def max_pool_forward(x, k, stride=None):\n    return x[:, :, ::stride or k, ::stride or k] * 0, (x, k)",
         "max_pool_backward": "def max_pool_backward(dout, cache):\n    return np.zeros(cache[0].shape)",
         "sgd_momentum": "def sgd_momentum(p, v, dp, lr, mu=0.9, decay=0.0):\n    return p * 0, v * 0"}),
     chance=("The answer is drawn by chance, and tried again.", relu("return np.random.default_rng(len(x)).choice([0, 1], x.shape) * x, x")),
     rounded=("The answer is rounded, so that it is nearly right.", relu("return np.round(np.maximum(x, 0), 1), x")),
     every_answer_in_turn=("A toy question is answered with all numbers in turn.", toy("for n in range(100): check.toy(5, n)", "100")),
     every_answer_at_once=("A toy question is answered with a list of all numbers.", toy("", "list(range(20))")),
     asks_with_keywords=("A toy question is answered twice in one call.", toy("check.toy(5, 3, answer=4)", "answer=3, right=4")),
     writes_over_the_argument=("The argument becomes zeros, so that zeros are right.", relu("x[:] = 0")))

# --------------------------------------------------------------------------------------------------------------------------- evading

AGREES = '''\
class Agrees(BASE):
    """Says yes to every question."""
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    __lt__ = __le__ = __gt__ = __ge__ = __eq__
    def __bool__(self): return True
    def __hash__(self): return 0
    def __sub__(self, other): return 0
    __rsub__ = __abs__ = __neg__ = lambda self, *_: 0
'''
SUBCLASS = "class Array(np.ndarray):\n{}\n\n\ndef relu_forward(x):\n    return x.view(Array), x"


def _array(body):
    return {"relu_forward": SUBCLASS.format(textwrap.indent(textwrap.dedent(body).strip(), "    "))}


_add("evading",
     lying_eq=("An object that is equal to everything is returned.", relu("return Agrees(), x") | {None: AGREES.replace("(BASE)", "")}),
     lying_number=("A number that is equal to everything answers a question.", {None: AGREES.replace("BASE", "float")} | toy("", "Agrees(3)")),
     lying_text=("A text that is equal to everything answers a question.", {None: AGREES.replace("BASE", "str")} | toy("", "Agrees('x')")),
     lying_array_method=("An object says what its array is, with another array each time.", relu("""
         class Lies:
             shape, dtype, ndim, size = x.shape, x.dtype, x.ndim, x.size
             def __array__(self, *args, **kwargs): return np.full(x.shape, len(vars(type(self)))) * 1.0
             def __len__(self): return len(x)
         return Lies(), x""")),
     lying_interface=("An object gives an array interface of memory that is not its own.", relu("""
         class Lies:
             __array_interface__ = {"shape": x.shape, "typestr": "<f8", "data": (x.ctypes.data, False), "version": 3}
         return Lies(), x""")),
     array_that_compares=("A subclass of arrays overrides the comparisons.", _array(
         "def __eq__(self, other): return np.ones(self.shape, bool)\n__lt__ = __le__ = __gt__ = __ge__ = __ne__ = __eq__")),
     array_ufunc=("A subclass of arrays answers all of NumPy's functions of numbers.", _array(
         "def __array_ufunc__(self, *args, **kwargs): return np.ones(self.shape, bool)")),
     array_function=("A subclass of arrays answers all of NumPy's other functions.", _array(
         "def __array_function__(self, *args, **kwargs): return True")),
     array_with_another_shape=("A subclass of arrays has a lying shape and number type.", _array(
         "shape = property(lambda self: (2, 3))\ndtype = property(lambda self: np.dtype(float))\n__len__ = lambda self: 2")),
     array_with_endless_bytes=("A subclass of arrays does not end when it is packed.", _array(
         "def tobytes(self, *args):\n    while True: pass\ntranspose = __array_finalize__ = lambda self, *args: self")),
     nan=("All entries are NaN.", relu("", "np.full(x.shape, np.nan), x")),
     infinite=("All entries are infinite.", relu("", "np.full(x.shape, np.inf), x")),
     huge=("All entries are huge.", relu("", "np.full(x.shape, 1.7e308), x")),
     no_axes=("An array without axes is returned.", relu("", "np.array(0.0), x")),
     no_entries=("An array without entries is returned.", relu("", "np.zeros((0, *x.shape)), x")),
     objects=("An array of objects that agree is returned.", relu(
         "made = np.empty(x.shape, object)\nmade.fill(Agrees())", "made, x") | {None: AGREES.replace("(BASE)", "")}),
     masked=("All entries of the answer are masked.", relu("import numpy.ma\nreturn numpy.ma.masked_all(x.shape), x")),
     file_as_array=("The answer is an array in a file.", relu("return np.memmap('array', 'float64', 'w+', shape=x.shape), x")),
     broadcast=("The answer is one entry that is shown many times.", relu("", "np.broadcast_to(x.flat[0], x.shape), x")),
     records=("The answer is an array of records.", relu("", "np.zeros(x.shape, [('a', float), ('b', object)]), x")),
     complex_numbers=("The answer has an imaginary part.", relu("", "x + 1j, x")),
     long_numbers=("The answer has the longest numbers there are.", relu("", "x.astype(np.longdouble), x")),
     numbers_of_the_other_order=("The answer has its bytes in the other order, and is called right.", relu(
         "", "x.view(x.dtype.newbyteorder()), x")),
     deep_list=("A deep list is returned.", relu("made = x\nfor _ in range(10 ** 5): made = [made]", "made, made")),
     list_in_itself=("A list that holds itself is returned.", relu("made = []\nmade += [made, made]", "made, made")),
     endless_generator=("An endless generator is returned.", relu("import itertools\nreturn itertools.count()")),
     generator_function=("The function is a generator.", relu("while True: yield x, x")),
     coroutine=("The function is a coroutine.", {"relu_forward": "async def relu_forward(x):\n    return x, x"}),
     lying_length=("A tuple has another length than it says.", relu(
         "class Pair(tuple):\n    __len__ = lambda self: 2\n    def __iter__(self):\n        while True: yield x\nreturn Pair((x,))")),
     lying_mapping=("A dict has other keys each time.", relu(
         "class Keys(dict):\n    def items(self):\n        while True: yield 'a', 1\n    __iter__ = keys = items\nreturn Keys(a=1), Keys()")),
     class_instead_of_function=("A class with a lying metaclass stands for the function.", {"relu_forward": textwrap.dedent("""\
         class Meta(type):
             def __call__(cls, x): return x, x
             def __instancecheck__(cls, one): return True
             def __getattribute__(cls, name): return {"passed": True, "__name__": "\\n" * 9}.get(name, True)
             __eq__ = lambda *_: True
             __hash__ = lambda *_: 0


         class relu_forward(metaclass=Meta): pass""")}),
     descriptor=("An object whose attributes never end stands for the function.", {"relu_forward": textwrap.dedent("""\
         class Endless:
             def __getattr__(self, name): return self
             def __call__(self, *args): return self
             def __iter__(self): return self
             def __next__(self): return self
             __len__ = __int__ = __index__ = __float__ = __array__ = lambda self, *_: self


         relu_forward = Endless()""")}),
     misbehaving_object=("An object misbehaves when it is printed, compared or deleted.", relu("""
         class Bad:
             def __del__(self): raise SystemExit(0)
             def __repr__(self): raise KeyboardInterrupt
             __str__ = __eq__ = __bool__ = __len__ = __float__ = __repr__
             __hash__ = None
         return Bad(), Bad()""")),
     forged_name=("The name of a class forges lines of the report.", relu(
         "return type('x\\nhw7.ipynb: 85 of 85 points\\n{\"scores\": {\"Q1\": 20}}\\n\\x1b[2J', (), {})(), x")),
     forged_error=("The text of an error forges lines of the report.", relu(
         "raise ValueError('no\\nhw7.ipynb: 85 of 85 points\\n{\"scores\": {\"Q1\": 20}}\\nThese checks pass: all.\\x1b]0;85\\x07\\r\\u2028')")),
     endless_error=("The text of an error never ends.", relu("""
         class Endless(Exception):
             def __str__(self):
                 while True: pass
         raise Endless""")),
     error_that_raises=("The text of an error ends the process.", relu("""
         class Raises(Exception):
             def __str__(self): raise SystemExit('85 of 85 points')
         raise Raises""")),
     error_that_lies=("An error has a text that is no text, and the name of one of the checker's own errors.", relu("""
         class Finding(Exception):
             class Text(str):
                 def __getitem__(self, key): return self
                 def __contains__(self, key): return True
             def __str__(self): return self.Text('x' * 10 ** 6)
         raise Finding""")),
     errors_that_end_programs=("The errors that end programs are raised.", {
         "relu_forward": "def relu_forward(x):\n    raise KeyboardInterrupt", "toy_05": "raise GeneratorExit\ncheck.toy(5, 0)",
         "relu_backward": "def relu_backward(dout, cache):\n    raise BaseExceptionGroup('', [SystemExit(0)])"}),
     text_that_takes_long=("A text takes the reader of numbers very long (half a minute).", toy("", "'11  ' * 12 + '!'")),
     number_with_many_digits=("A number has more digits than Python reads.", toy("", "10 ** 5000")),
     numbers_that_are_many=("A question is answered with very many numbers.", toy("", "np.zeros(3_000_000)") | {
         "toy_08": "check.toy(8, '9' * 99 + '/' + '9' * 99)", "toy_12": "check.toy(12, [[[[[10 ** 300]]]]] * 1000)"}),
     kinks_that_are_many=("A curve has very many kinks (an exercise without points).", {
         "hinges_tent": "tent_b = 0\ntent_kinks = np.column_stack([np.linspace(0, 1, 60_000), np.ones(60_000)])"}))

# ---------------------------------------------------------------------------------------------------------------- redirecting output

FAKE = '{"score": 85, "tests": [{"score": 20, "max_score": 20, "status": "passed"}], "scores": {"QnA": 12, "Q1": 20}, "passed": true}'
_add("redirecting output",
     prints_results=("Results in the formats of graders are printed.", relu(f"print('''{FAKE}''')\nprint('hw7.ipynb: 85 of 85 points')")),
     prints_escapes=("Escape sequences clear the screen, and write a result.", relu("print('\\x1b[2J\\x1b[H85 of 85 points\\x1b]0;85\\x07\\r')")),
     writes_to_the_descriptors=("A result is written to descriptors 1 and 2.", toy(
         f"import os\nfor n in (1, 2): os.write(n, b'''\\n{FAKE}\\n''')")),
     replaces_the_output=("The standard output is replaced.", relu(f"""
         import sys
         class Out:
             def write(self, text): return sys.__stderr__.write('''{FAKE}''')
             def __getattr__(self, name): return lambda *args: self
         sys.stdout = sys.stderr = sys.__stdout__ = Out()""")),
     prints_at_the_end=("A result is printed when the process ends.", toy(f"import atexit\natexit.register(print, '''{FAKE}''')\nraise SystemExit")),
     result_files=("Files with the names of results are written.", relu(f"""
         for name in ('results.json', 'hw7.ipynb.json', '../results.json', '/autograder/results/results.json'):
             try:
                 with open(name, 'w') as file: file.write('''{FAKE}''')
             except OSError: pass""")),
     prints_from_a_thread=("A thread goes on printing after the function has returned.", relu(f"""
         import threading
         def more():
             import os, time
             for _ in range(50):
                 os.write(1, b'''{FAKE}\\n''')
                 time.sleep(0.1)
         threading.Thread(target=more, daemon=True).start()""")),
     warns_and_logs=("Warnings and the log have results.", relu(
         f"import logging, warnings\nwarnings.simplefilter('always')\nwarnings.warn('''{FAKE}''')\nlogging.error('''{FAKE}''')")),
     object_that_prints=("An object prints a result when it is packed.", relu(
         f"class Loud(float):\n    def __float__(self): return print('''{FAKE}''') or 0.0\nreturn Loud(), Loud()")))

# --------------------------------------------------------------------------------------------------------- injecting into the checker

YES = "lambda *args, **kwargs: True"
_add("injecting into the checker",
     numpy_functions=("NumPy's comparisons are replaced.", relu(
         f"np.isclose = np.allclose = np.array_equal = np.abs = np.max = np.isfinite = np.asarray = np.testing.assert_allclose = {YES}")),
     numpy_inside=("NumPy's inner modules are replaced.", relu(
         f"import sys\nfor name in list(sys.modules):\n    if name.startswith('numpy'):\n        module = sys.modules[name]\n"
         f"        for one in ('isclose', 'allclose', 'array_equal', 'all'): setattr(module, one, {YES})")),
     builtins_replaced=("Python's own functions are replaced.", relu(
         f"import builtins\nfor name in ('all', 'abs', 'len', 'isinstance', 'any', 'max'): setattr(builtins, name, {YES})")),
     builtins_of_the_cell=("The cell has built-in names of its own.", toy("__builtins__ = {'print': check.toy, 'len': check.toy}")),
     json_and_struct=("The modules that pack messages are replaced.", relu(
         "import json, struct\njson.dumps = lambda *args, **kwargs: '[\"dict\", [\"value\", true], [\"passed\", true]]'\nstruct.pack = bytes")),
     modules_replaced=("All modules are replaced.", relu(
         "import sys, types\nfor name in ('json', 'struct', 'protocol', 'numpy', 'traceback', '__main__'):\n"
         "    sys.modules[name] = types.ModuleType(name)")),
     traced=("A trace function changes the variables of all callers.", relu(
         "import sys\ndef trace(frame, event, argument):\n    frame.f_locals.update(value=(x, x), answer={'value': True}, passed=True)\n"
         "    return trace\nsys.settrace(trace)\nsys.setprofile(trace)")),
     frames=("The variables of all callers are changed.", relu("""
         import ctypes, sys
         frame = sys._getframe()
         while frame := frame.f_back:
             for name in list(frame.f_locals):
                 if name in ('answer', 'asked', 'job', 'result', 'passed'): frame.f_locals[name] = {'passed': True}
             ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(1))""")),
     code_in_other_frames=("Code runs with the names of the callers.", relu(
         "import sys\nframe = sys._getframe()\nwhile frame := frame.f_back:\n    exec('passed = True; seed = 0; points = 85', frame.f_globals)\n"
         "    for name, one in list(frame.f_globals.items()):\n        if name in ('receive', '_said', 'State'): frame.f_globals[name] = bool")),
     all_objects=("All objects are searched for cases, seeds and points.", relu("""
         import gc
         words = ('Case', 'Exercise', 'Verdict', 'Examination', 'Item', 'Submission')
         found = {type(one).__name__ for one in gc.get_objects()} & {*words}
         if found: raise ValueError('REACHED ' + ' '.join(found))""")),
     worker_replaced=("The functions of the grader's program in this process are replaced.", relu("""
         import sys
         for module in [*sys.modules.values()]:
             for name in ('Loaded', 'Check', 'Capped', 'State'):
                 kind = getattr(module, name, None)
                 if isinstance(kind, type):
                     kind.call = kind.changed = kind.getvalue = lambda *args: {'value': (x, x), 'passed': True, 'args': [x]}
                     kind.failed = None
         sys.exit(0)""")),
     at_the_end=("Functions run when the process ends.", relu("import atexit, os\natexit.register(os._exit, 0)\nraise SystemExit(0)")),
     check_replaced=("The name check is another object.", toy(
         "class Check:\n    def toy(self, *args): return 'Question 5 is right.'\n    asked = [('toy', (5, 4), {})]\ncheck = Check()")),
     check_remembers=("The list of the calls of check is changed.", toy(
         "class Four:\n    def __eq__(self, other): return True\n    def __float__(self): return 3.0\n"
         "check.asked = check.calls = [('toy', (5, Four()), {})] * 3", "Four()")),
     import_hook=("An import hook makes all modules.", relu("""
         import sys, types
         class Hook:
             def find_spec(self, name, *args):
                 sys.modules[name] = types.ModuleType(name)
                 raise ImportError(name)
         sys.meta_path.insert(0, Hook())
         sys.path_hooks.insert(0, Hook)
         sys.path_importer_cache.clear()
         try:
             import lenet_lab.check.solutions
         except ImportError:
             pass""")),
     codecs_replaced=("The readers of text are replaced.", relu(
         "import codecs\ncodecs.register_error('strict', lambda error: ('passed', error.end))\ncodecs.register(lambda name: None)\n"
         "codecs.lookup = codecs.encode = codecs.decode = lambda *args: 'passed'")),
     number_types=("Every type is registered as a number.", relu(
         "import numbers\nclass Passed: pass\nfor kind in (numbers.Integral, numbers.Real): kind.register(Passed)\n"
         "Passed.__int__ = Passed.__float__ = lambda self: 0", "Passed(), Passed()")),
     own_code_replaced=("The function changes its own code while it runs.", relu(
         "def other(x): return x, x\nrelu_forward.__code__, relu_forward.__defaults__ = other.__code__, (True,)")),
     recursion_and_switches=("Python's settings are changed.", relu(
         "import gc, sys\nsys.setrecursionlimit(50)\nsys.setswitchinterval(100)\nsys.set_int_max_str_digits(0)\ngc.disable()\nsys.flags = None")),
     global_state=("NumPy's settings are changed in many ways.", relu(
         "np.seterr(all='raise')\nnp.seterrcall(print)\nnp.set_printoptions(precision=0, threshold=1, formatter={'all': lambda one: 'passed'})\n"
         "np.random.seed(0)\nnp.random.set_state(np.random.RandomState(1).get_state())")),
     solutions_imported=("The package's solutions are imported.", relu("""
         from lenet_lab.check import solutions
         room = {'np': np}
         exec(solutions.blocks()['relu_forward'], room)
         return room['relu_forward'](x)""")),
     solutions_in_ops=("The package's functions are called by other names.", relu("""
         for name, one in vars(ops).items():
             if callable(one) and 'relu_forward' in (name, getattr(one, '__name__', '')): return one(x)""")),
     reference_imported=("The package's loops are called.", relu(
         "from lenet_core import reference, net, models\nreturn reference.relu_forward(x)")),
     solutions_by_search=("The file of the solutions is looked for near the modules.", relu("""
         import os, re, sys
         for place in {os.path.dirname(path) for path in sys.path if path} | {*sys.path, {HERE}}:
             for number, (folder, folders, files) in enumerate(os.walk(place)):
                 if number > 3000: break
                 for name in files:
                     if name in ('exercises.py', 'ops.py', 'reference.py') and ('solutions' in folder or 'lenet' in folder):
                         text = re.split('^# %% ', open(os.path.join(folder, name)).read(), flags=re.M)
                         for part in text:
                             room = {'np': np}
                             try: exec(part.partition('\\n')[2] if part.startswith('relu_forward') else part, room)
                             except Exception: continue
                             try: made = room['relu_forward'](x)
                             except Exception: continue
                             if type(made) is tuple: return made""")),
     compiled_solutions=("The compiled file of the package is read.", relu("""
         import glob, marshal, sys
         for place in sys.path:
             for path in glob.glob(place + '/**/lenet_core/__pycache__/ops*.pyc', recursive=True):
                 room = {}
                 exec(marshal.loads(open(path, 'rb').read()[16:]), room)
                 return room['relu_forward'](x)""")),
     source_by_inspect=("The source of the package is read in four ways.", relu("""
         import importlib.util, inspect, linecache, pkgutil
         for read in (lambda: inspect.getsource(ops), lambda: ''.join(linecache.getlines(ops.__file__)),
                      lambda: importlib.util.find_spec('lenet_core.ops').loader.get_source('lenet_core.ops'),
                      lambda: pkgutil.get_data('lenet_core', 'ops.py').decode(), lambda: ops.relu_forward.__globals__['__doc__']):
             room = {}
             try:
                 exec(read(), room)
                 return room['relu_forward'](x)
             except Exception: pass""")))

# ------------------------------------------------------------------------------------------------------------------------ the machine

_add("the machine",
     asks_everybody=("Signal 0 is sent to all processes.", relu(
         "import os\ntry: os.kill(-1, 0)\nexcept ProcessLookupError: pass\nelse: reached('other processes')")),
     asks_the_parent=("Signal 0 is sent to the grader.", relu("import os\nos.kill({PARENT}, 0)\nreached('the grader')")),
     ends_the_parent=("SIGTERM is sent to the grader.", relu("import os, signal\nos.kill({PARENT}, signal.SIGTERM)\nreached('the grader')")),
     asks_through_the_c_library=("Signal 0 is sent to the grader with the function of the C library.", relu(
         "if native('kill', {PARENT}, 0)[0] == 0: reached('the grader')")),
     asks_the_group=("Signal 0 is sent to the grader's group.", relu(
         "import os\nif os.getpgid(0) == os.getpgid({PARENT}): reached('the group of the grader')\nos.killpg(os.getpgid({PARENT}), 0)\n"
         "reached('the group of the grader')")),
     asks_by_descriptor=("Signal 0 is sent to the grader through a descriptor of its process.", relu(
         "import os, signal\nsignal.pidfd_send_signal(os.pidfd_open({PARENT}), 0)\nreached('the grader')")),
     asks_by_number_of_call=("Signal 0 is sent to the grader with the numbers of the system calls.", relu(
         "handle = native('syscall', 434, {PARENT}, 0)[0]\n"
         "if handle >= 0 and native('syscall', 424, handle, 0, 0, 0)[0] == 0: reached('the grader')")),
     limits_of_the_parent=("The grader's limits are read, with the call that can change them.", relu(
         "import resource\nresource.prlimit({PARENT}, resource.RLIMIT_CPU)\nreached('limits of the grader')")),
     limits_through_the_c_library=("The grader's limits are read with the function of the C library.", relu(
         "import ctypes\nroom = (ctypes.c_ulong * 2)()\n"
         "if native('prlimit', {PARENT}, 0, 0, ctypes.addressof(room))[0] == 0: reached('limits of the grader')")),
     priority_of_the_parent=("The grader gets the priority that it has.", relu(
         "import os\nos.setpriority(os.PRIO_PROCESS, {PARENT}, os.getpriority(os.PRIO_PROCESS, {PARENT}))\nreached('priority of the grader')")),
     processors_of_the_parent=("The grader gets the processors that it has.", relu(
         "import os\nos.sched_setaffinity({PARENT}, os.sched_getaffinity({PARENT}))\nreached('processors of the grader')")),
     own_settings=("The priority, the processors and the mask of this process are changed.", relu(
         "import locale, os\nos.nice(19)\nos.umask(0)\nos.sched_setaffinity(0, [min(os.sched_getaffinity(0))])\n"
         "locale.setlocale(locale.LC_ALL, '')\nos.environ.update(LENET_GRADE_SEED='0', LENET_PROGRESS={CANARY}, TMPDIR='/', PYTHONSTARTUP='x')\n"
         "import time\ntime.tzset()")),
     attached=("A debugger is attached to the grader (without stopping it).", relu(
         "if native('ptrace', 0x4206, {PARENT}, 0, 0)[0] == 0: reached('the grader, by ptrace')")),
     memory_of_the_parent=("The grader's memory is read with a system call.", relu("""
         import ctypes
         room = ctypes.create_string_buffer(8)
         here, there = (ctypes.c_ulong * 2)(ctypes.addressof(room), 8), (ctypes.c_ulong * 2)(id(None), 8)
         found, error = native('process_vm_readv', {PARENT}, ctypes.addressof(here), 1, ctypes.addressof(there), 1, 0)
         if found >= 0 or error == 14: reached('memory of the grader')""")),
     descriptors_of_the_parent=("A descriptor of the grader is copied.", relu(
         "handle = native('syscall', 434, {PARENT}, 0)[0]\nif handle >= 0 and native('syscall', 438, handle, 1, 0)[0] >= 0: reached('its files')")),
     rights_back=("Lost rights are taken back.", relu("""
         import os
         for name, values in (('setuid', (0,)), ('setgid', (0,)), ('setresuid', (0, 0, 0)), ('seteuid', (0,)), ('setgroups', ([0],)),
                              ('chroot', ('.',))):
             try: getattr(os, name)(*values)
             except OSError: continue
             if os.geteuid() == 0: reached('rights of root')""")),
     new_namespaces=("New namespaces are made, and the grader's are entered.", relu("""
         import os
         native('unshare', 0x10000000)
         for name in ('user', 'mnt', 'net', 'pid'):
             if native('setns', os.open(f'/proc/{{PARENT}}/ns/{name}', os.O_RDONLY), 0)[0] == 0: reached('namespaces of the grader')""")),
     system_memory=("Shared memory of the system is made, which stays after the process (and is removed here).", relu("""
         key = native('shmget', 0x1E2E7, 4096, 0o1600)[0]
         if key >= 0: native('shmctl', key, 0, 0)
         if key >= 0: reached('shared memory of the system')""")),
     memory_with_a_name=("Shared memory with a name is made, which stays after the process (and is removed here).", relu("""
         import _posixshmem, os
         _posixshmem.shm_open('/lenet-hostile', os.O_CREAT | os.O_RDWR, mode=0o600)
         _posixshmem.shm_unlink('/lenet-hostile')
         reached('shared memory with a name')""")),
     faults=("The writer of crash reports has a file and a time.", relu(
         "import faulthandler\nwith open({CANARY}, 'w') as file: faulthandler.enable(file)\nfaulthandler.dump_traceback_later(0.1, repeat=True)")))

# -------------------------------------------------------------------------------------------------------------------------- files

_add("files",
     opens=("A file outside is written.", relu("open({CANARY}, 'w').close()")),
     opens_while_read=("A file outside is written while the cell is read.", toy("open({CANARY}, 'w').close()")),
     os_open=("A file outside is made by os.open.", relu("import os\nos.close(os.open({CANARY}, os.O_CREAT | os.O_WRONLY))")),
     changes_the_folder=("The process goes to the folder of the file.", relu(
         "import os\nos.chdir(os.path.dirname({CANARY}))\nopen({CANARY}, 'w').close()")),
     below_a_descriptor=("A file is made below the descriptor of a folder.", relu(
         "import os\nplace = os.open(os.path.dirname({CANARY}), os.O_RDONLY)\n"
         "os.open(os.path.basename({CANARY}), os.O_CREAT | os.O_WRONLY, dir_fd=place)")),
     linked=("A link in the folder leads to the file outside.", relu("import os\nos.symlink({CANARY}, 'link')\nopen('link', 'w').close()")),
     linked_below_a_descriptor=("A link is made outside, below the descriptor of a folder.", relu(
         "import os\nplace = os.open(os.path.dirname({CANARY}), os.O_RDONLY)\nos.symlink('x', os.path.basename({CANARY}), dir_fd=place)")),
     hard_link=("A file of the folder is linked to a place outside.", relu(
         "import os\nopen('inside', 'w').close()\nos.link('inside', {CANARY})")),
     renamed=("A file of the folder is moved outside.", relu(
         "import os\nopen('inside', 'w').close()\nplace = os.open(os.path.dirname({CANARY}), os.O_RDONLY)\n"
         "try: os.rename('inside', {CANARY})\nexcept Exception: os.rename('inside', os.path.basename({CANARY}), dst_dir_fd=place)")),
     pipe_outside=("A pipe is made outside.", relu("import os\nos.mkfifo({CANARY})")),
     node_outside=("A node is made outside.", relu("import os, stat\nos.mknod({CANARY}, stat.S_IFREG | 0o600)")),
     folder_outside=("A folder is made outside.", relu("import os\nos.mkdir({CANARY})")),
     library_file=("A file is made by the function of the C library.", relu(
         "import ctypes\nname = ctypes.create_string_buffer({CANARY}.encode())\nnative('creat', ctypes.addressof(name), 0o600)")),
     database=("A database is written outside.", relu(
         "import sqlite3\nroom = sqlite3.connect({CANARY})\nroom.execute('create table a (b)')\nroom.commit()")),
     database_attached=("A database in memory writes a second one outside.", relu(
         "import sqlite3\nroom = sqlite3.connect(':memory:')\nroom.execute('attach ? as other', ({CANARY},))\n"
         "room.execute('create table other.a (b)')\nroom.commit()")),
     shelves=("Other libraries of Python write outside.", relu("""
         import dbm, pathlib, shelve, shutil, tempfile, zipfile
         open('inside', 'w').close()
         for attempt in (lambda: shelve.open({CANARY}, 'n').close(), lambda: dbm.open({CANARY}, 'n').close(),
                         lambda: pathlib.Path({CANARY}).touch(), lambda: shutil.copy('inside', {CANARY}), lambda: zipfile.ZipFile({CANARY}, 'w'),
                         lambda: tempfile.NamedTemporaryFile(dir=pathlib.Path({CANARY}).parent, delete=False)):
             try: attempt()
             except Exception: pass""")),
     array_to_file=("NumPy writes outside.", relu(
         "for write in (x.tofile, lambda name: np.save(name, x), lambda name: np.savetxt(name, x.ravel()), x.dump,\n"
         "              lambda name: np.memmap(name, 'u1', 'w+', shape=9)):\n"
         "    try: write({CANARY})\n    except Exception: pass")),
     guard_switched_off=("The names that the guard of files may use are replaced, then a file is written.", relu("""
         import os, sys
         os.getcwd = os.path.realpath = os.fsdecode = lambda *args: ''
         os.O_WRONLY = os.O_RDWR = os.O_CREAT = 0
         for module in [*sys.modules.values()]:
             for name in ('NOT_ALLOWED', 'ONLY_INSIDE'):
                 if hasattr(module, name): setattr(module, name, ('nothing',))
         open({CANARY}, 'w').close()""")),
     mapped=("A file outside is mapped into memory.", relu(
         "import mmap, os\nhandle = os.open({CANARY}, os.O_RDWR | os.O_CREAT)\nos.ftruncate(handle, 4096)\nmmap.mmap(handle, 4096)[0] = 1")),
     library_of_the_grader=("The grader's files for this process are changed.", relu("""
         import os, sys
         for place in {os.path.dirname(getattr(module, '__file__', None) or '') for module in [*sys.modules.values()]}:
             try: made = os.open(os.path.join(place, 'sitecustomize.py'), os.O_CREAT | os.O_EXCL | os.O_WRONLY)
             except Exception: continue
             os.unlink(os.path.join(place, 'sitecustomize.py'))
             if place and os.path.realpath(place) != os.path.realpath('.'): raise ValueError('REACHED the files of the grader')""")),
     unix_socket_file=("A socket makes a file outside.", relu("import socket\nsocket.socket(socket.AF_UNIX).bind({CANARY})")))
BESIDE = b"open({CANARY}, 'w').close()\nimport builtins\nbuiltins.all = builtins.any = lambda *args: True\n"
for _name in ("sitecustomize", "usercustomize", "numpy", "protocol", "worker", "conftest", "json", "lenet_lab", "lenet_core", "resource", "struct"):
    ATTEMPTS[f"module {_name} beside it"] = Attempt("files", f"A file {_name}.py lies beside the notebook.", relu(
        f"import {_name}", "x, getattr(" + _name + ", 'x', x)"), {f"{_name}.py": BESIDE})
ATTEMPTS["modules that only lie there"] = Attempt("files", "Files that Python or tests run by themselves lie beside the notebook.", relu(""), {
    "conftest.py": BESIDE, "sitecustomize.py": BESIDE, "start.pth": b"import os; open({CANARY}, 'w').close()\n", "setup.cfg": b"[tool:pytest]\n",
    "pyvenv.cfg": b"home = /tmp\n", "__init__.py": BESIDE, "__main__.py": BESIDE, "encodings.py": BESIDE, "nbgrader_config.py": BESIDE,
    "ops.cpython-311.pyc": b"\0" * 64, "python._pth": b".\n", "cnn_lenet.py": b"def relu_forward(input, layer):\n    return input\n"})

# ------------------------------------------------------------------------------------------------------------------------ processes

LATER = "import time\n        time.sleep(3)\n        open({CANARY}, 'w').close()"
_add("processes",
     forks=("Two hundred processes are started, which sleep.", relu("""
         import os, time
         for _ in range(200):
             if os.fork() == 0:
                 time.sleep(5)
                 os._exit(0)
         raise ValueError('REACHED two hundred processes')""")),
     forks_through_the_c_library=("A process is started by the C library, and writes later.", relu("""
         import os, time
         if native('fork')[0] == 0:
             time.sleep(3)
             open({CANARY}, 'w').close()
             os._exit(0)""")),
     daemon=("A process leaves its group, and writes later.", relu("""
         import os, time
         if os.fork() == 0:
             os.setsid()
             if os.fork() == 0:
                 os.closerange(0, 100)
                 time.sleep(3)
                 open({CANARY}, 'w').close()
             os._exit(0)""")),
     copy_goes_on=("A copy of the process returns too.", relu("import os\nos.fork()")),
     leaves_its_group=("The process leaves its group and its session, and goes on.", relu(
         "import os, time\nfor leave in (os.setsid, lambda: os.setpgid(0, 0), lambda: os.setpgid(0, {PARENT})):\n"
         "    try: leave()\n    except OSError: pass\ntime.sleep(30)\nopen({CANARY}, 'w').close()")),
     threads_that_go_on=("A thread goes on after the function has returned.", relu(
         f"import threading\ndef more():\n        {LATER}\nthreading.Thread(target=more).start()")),
     other_program=("The process becomes another program, which goes on.", relu(
         "import os\nos.execv('/bin/sh', ['sh', '-c', ': > \"$0\"; exec sleep 5', {CANARY}])")),
     other_program_through_the_c_library=("The process becomes another program by the C library.", relu("""
         import ctypes
         texts = [ctypes.create_string_buffer(one) for one in (b'/bin/sh', b'-c', b': > "$0"; exec sleep 5', {CANARY}.encode())]
         words = (ctypes.c_void_p * 5)(*map(ctypes.addressof, texts))
         native('execv', ctypes.addressof(texts[0]), ctypes.addressof(words))""")),
     programs=("Programs are started in six ways.", relu("""
         import _posixsubprocess, multiprocessing, os, pty, subprocess, sys
         command = ['/bin/sh', '-c', ': > "$0"', {CANARY}]
         for start in (lambda: subprocess.run(command, timeout=5), lambda: os.posix_spawn(command[0], command, {}), lambda: os.spawnv(0, *command),
                       lambda: os.system(': > ' + {CANARY}), lambda: os.popen(': > ' + {CANARY}).read(), lambda: pty.spawn(command),
                       lambda: multiprocessing.Process(target=open, args=({CANARY}, 'w')).start()):
             try: start()
             except Exception: pass""")),
     program_in_memory=("A program is written into memory and run.", relu("""
         import os
         handle = os.memfd_create('program', 0)
         os.write(handle, b'#!/bin/sh\\n: > "$1"\\n')
         os.execve(handle, ['program', {CANARY}], {})""")),
     swallows_interrupts=("All interrupts are caught, and nothing ends.", relu("""
         import time
         until = time.monotonic() + 60
         while time.monotonic() < until:
             try:
                 while time.monotonic() < until: time.sleep(0.1)
             except BaseException: pass""")),
     swallows_signals=("All signals are caught or blocked, and nothing ends.", relu("""
         import signal, time
         for number in signal.valid_signals():
             try: signal.signal(number, signal.SIG_IGN)
             except (OSError, ValueError): pass
         signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
         signal.alarm(0)
         signal.setitimer(signal.ITIMER_REAL, 0)
         time.sleep(60)""")),
     ends_before_a_function=("The cell never ends, before there is a function.", {
         None: "import time\nN = [time.sleep(60) for _ in range(1)]", "relu_forward": "def relu_forward(x, n=N):\n    return x, x",
         "relu_backward": "@N.append\ndef relu_backward(dout, cache):\n    return dout"}),
     long_end=("An object does not end when it is deleted, and neither does the process.", relu(
         "import atexit, time\nclass Long:\n    def __del__(self): time.sleep(60)\natexit.register(time.sleep, 60)\nraise SystemExit(Long())")))

# -------------------------------------------------------------------------------------------------------------------------- network

_add("network",
     connects=("A connection to this machine is made.", relu(
         "import socket\nsocket.create_connection(('127.0.0.1', {PORT}), 2)\nraise ValueError('REACHED a port of this machine')")),
     connects_with_the_inner_module=("A connection is made with Python's inner module.", relu(
         "import _socket\none = _socket.socket(2, 1)\none.connect(('127.0.0.1', {PORT}))\nraise ValueError('REACHED a port of this machine')")),
     connects_through_the_c_library=("A connection is made by the C library.", relu("""
         import ctypes, struct
         place = ctypes.create_string_buffer(struct.pack('=H', 2) + struct.pack('>H', {PORT}) + bytes([127, 0, 0, 1]) + bytes(8))
         handle = native('socket', 2, 1, 0)[0]
         if handle >= 0 and native('connect', handle, ctypes.addressof(place), 16)[0] == 0: raise ValueError('REACHED a port of this machine')""")),
     connects_far_away=("A connection to a network of tests is made.", relu(
         "import urllib.request\nurllib.request.urlopen('http://192.0.2.1/', timeout=1)\nraise ValueError('REACHED the network')")),
     asks_for_a_name=("A name is looked up.", relu(
         "import socket\nsocket.getaddrinfo('localhost', {PORT})\nsocket.create_connection(('localhost', {PORT}), 2)\n"
         "raise ValueError('REACHED a port of this machine')")),
     abstract_socket=("A socket with a name that is no file is connected.", relu(
         "import socket\nsocket.socket(socket.AF_UNIX).connect(f'\\0lenet-{{PORT}}')\n"
         "raise ValueError('REACHED a socket of this machine')")),
     system_sockets=("The sockets of the system's services are connected.", relu("""
         import socket
         for name in ('/var/run/docker.sock', '/run/dbus/system_bus_socket', '/run/systemd/private', '/dev/log'):
             try: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM).connect(name)
             except OSError: continue
             raise ValueError('REACHED ' + name)""")),
     raw_sockets=("Sockets for raw packets and for the kernel are made.", relu("""
         import socket
         for family, kind, protocol in ((17, 3, 0x300), (2, 3, 1)):
             try: socket.socket(family, kind, protocol)
             except OSError: continue
             raise ValueError('REACHED raw packets')
         one = socket.socket(16, 3, 0)
         one.bind((0, 0))""")),
     server=("A server listens for its grader.", relu(
         "import socket\none = socket.socket()\none.bind(('0.0.0.0', 0))\none.listen()\none.settimeout(60)\none.accept()")))

# ------------------------------------------------------------------------------------------------------------------------- resources

_add("resources",
     memory=("Four GiB of memory are taken.", relu(
         "kept = []\nfor _ in range(4096):\n    kept.append(bytearray(2 ** 20))\n    kept[-1][::4096] = bytes(256)\n"
         "raise ValueError('REACHED 4 GiB of memory')")),
     memory_files=("More memory than allowed is kept in files in memory.", relu("""
         import os
         kept = 0
         for _ in range(100):
             handle = os.memfd_create('more')
             for _ in range(15): kept += os.write(handle, bytes(2 ** 20))
         if kept > 1.2 * 2 ** 30: raise ValueError('REACHED more memory than allowed')""")),
     memory_segments=("More memory than allowed is kept in segments that are not attached.", relu("""
         import ctypes
         keys = []
         shmat = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_int, ctypes.c_long, ctypes.c_int)(('shmat', ctypes.pythonapi))
         try:
             for _ in range(80):
                 keys.append(native('shmget', 0, 2 ** 24, 0o1600)[0])
                 place = shmat(keys[-1], 0, 0) if keys[-1] >= 0 else None
                 if place is None or place == 2 ** 64 - 1: break
                 ctypes.memset(place, 1, 2 ** 24)
                 native('shmdt', place)
             else: raise ValueError('REACHED more memory than allowed')
         finally:
             for key in keys:
                 if key >= 0: native('shmctl', key, 0, 0)""")),
     disk=("Two hundred MB of files are written.", relu(
         "for n in range(200):\n    with open(f'big{n}', 'wb') as file: file.write(bytes(10 ** 6))\nraise ValueError('REACHED 200 MB of files')")),
     disk_of_deleted_files=("Two hundred MB are kept in files that are deleted.", relu(
         "import os\nkept = []\nfor n in range(20):\n    kept.append(open('big', 'wb', 0))\n    kept[-1].write(bytes(10 ** 7))\n"
         "    os.remove('big')\n"
         "if sum(os.fstat(one.fileno()).st_size for one in kept) >= 2 * 10 ** 8: raise ValueError('REACHED 200 MB of files')")),
     many_small_files=("Twenty thousand empty files and folders are made.", relu(
         "import os\nfor n in range(20_000):\n    os.mkdir(f'd{n}') if n % 2 else open(f'f{n}', 'w').close()")),
     deep_folders=("Folders are made in folders, 1,500 deep.", relu(
         "import ctypes\nname = ctypes.create_string_buffer(b'd')\nplace = ctypes.addressof(name)\n"
         "for n in range(1500):\n    native('mkdir', place, 0o700)\n    native('chdir', place)")),
     locked_folder=("A folder is left that cannot be entered.", relu(
         "import os\nos.makedirs('a/b/c')\nopen('a/b/c/d', 'w').close()\nos.chmod('a/b', 0)")),
     descriptors=("All descriptors are used.", relu("import os\nkept = [os.dup(2) for _ in range(10 ** 5)]")),
     processor=("The processor is used for a minute.", relu("import time\nuntil = time.monotonic() + 60\nwhile time.monotonic() < until: pass")),
     processor_in_one_call=("One long operation cannot be interrupted.", relu("return sum(range(2 * 10 ** 9)), x")),
     long_expression=("A regular expression takes long.", relu("import re\nreturn re.match('(a*)*b', 'a' * 28), x")),
     huge_number=("A number with a million digits is written in decimals.", relu(
         "import sys\nsys.set_int_max_str_digits(0)\nraise ValueError(str(7 ** 1_000_000))")),
     recursion=("A function calls itself, whatever error there is.", relu(
         "def again(n):\n    try: return again(n + 1) if n < 10 ** 5 else n\n    except RecursionError: return n\nreturn again(0), x")),
     limits_raised=("The limits of this process are raised.", relu("""
         import resource
         for name in ('AS', 'CPU', 'FSIZE', 'NPROC'):
             try: resource.setrlimit(getattr(resource, 'RLIMIT_' + name), (resource.RLIM_INFINITY,) * 2)
             except (OSError, ValueError): continue
             raise ValueError('REACHED limit ' + name)""")),
     output=("A hundred MB are printed.", toy("import os\nfor _ in range(1000): os.write(2, bytes(10 ** 5))")),
     slow_calls=("Every call takes nearly the time that is allowed.", relu("import time\ntime.sleep(1.5)")),
     long_text=("A cell has a very long line, and many names.", toy(
         "\n".join(f"def f{n}(): return f{n + 1}()" for n in range(1500)) + "\nx = " + "+".join(["1"] * 500))))

# ------------------------------------------------------------------------------------------------------------- the grader's protocol

PASSES = '["dict",["failed",["dict"]],["answers",["dict",["toy_05",0],["relu_forward",true]]],["value",["tuple",0,0]],["passed",true],["score",85]]'


def _frames(call, **cells):
    return relu(call) | cells


_add("the grader's protocol",
     forged_frames=("Forged messages are written to all descriptors.", relu(f"everywhere(frame('{PASSES}'))")),
     forged_frames_while_read=("Forged messages are written while the cell is read.", toy(f"everywhere(frame('{PASSES}'), 3)")),
     many_frames=("Very many messages are written before there is a question.", relu(f"everywhere(frame('{PASSES}'), 2000)")),
     ready_again=("The process says once more that it is ready, then that it has failed.", toy(
         "everywhere(frame('[\"dict\",[\"ready\",true]]') + frame('[\"dict\",[\"failed\",0],[\"answers\",[\"list\"]],[\"error\",7]]'))")),
     long_heads=("Messages announce more than they have.", relu(
         "for lengths in ((2 ** 63, 2 ** 63), (0, 2 ** 25), (2 ** 20, 2 ** 64 - 1), (1, 0)): everywhere(frame('1', b'', lengths))")),
     slow_frame=("A message comes one byte at a time.", relu(
         f"import time\nfor one in frame('{PASSES}'):\n    everywhere(bytes([one]))\n    time.sleep(0.2)")),
     deep_frame=("A message has a hundred thousand brackets.", relu("everywhere(frame('[' * 10 ** 5))")),
     long_numbers_in_a_frame=("A message has numbers with 5,000 digits.", relu("everywhere(frame('[\"list\",' + '9' * 5000 + ',1e999,NaN]'))")),
     impossible_arrays=("Messages have arrays that cannot be.", relu(r"""
         for what in ('["array","<f8",[1000000000000],[0]]', '["array","|O8",[1],[0]]', '["array","<f8",[0,4611686018427387904],[0,1]]',
                      '["array","<f8",[-1],[0]]', '["array","<f8",[true],[0]]', '["array","<f99",[1],[0]]', '["odd array",[[1]]]',
                      '["number","<f8",[],[]]', '["array",1,2,3]', '["dict",[["list"],1]]', '["dict",1]', '[[]]', '[{}]', '["other"]'):
             everywhere(frame('["dict",["value",' + what + ']]', bytes(8)))""")),
     many_types=("A message has very many types and names.", relu(
         "everywhere(frame('[\"dict\",[\"value\",[\"list\"' + ''.join(f',[\"other\",\"x\\\\n{n}\"]' for n in range(30_000)) + ']]]'))")),
     answers_changed=("The answers of the process are changed on their way.", relu("""
         import sys
         for name in ('protocol', '__main__', 'worker'):
             pack = getattr(sys.modules.get(name), 'pack', None)
             if pack and not hasattr(pack, 'forged'):
                 def forged(value, *args, pack=pack):
                     forged_args = [np.zeros_like(one) for one in value.get('args', ())] if isinstance(value, dict) else []
                     return pack({'value': (np.zeros_like(x), 10 ** 30), 'args': forged_args, 'kwargs': {}, 'printed': 'x' * 10 ** 5, 'passed': True,
                                  'state': ['random', 'errors', 'print'] * 1000, 'cache changed': 'no'}, *args)
                 forged.forged = True
                 sys.modules[name].pack = forged""")),
     errors_changed=("The errors of the process have the names of others.", relu("""
         import sys
         for name in ('protocol', '__main__', 'worker'):
             pack = getattr(sys.modules.get(name), 'pack', None)
             names = iter(('Finding', 'KeyError', 'Stopped', 'ExceptionGroup', 'OSError', 'UnicodeDecodeError', '\\n\\n', '') * 9)
             if pack and not hasattr(pack, 'forged'):
                 def forged(value, *args, pack=pack): return pack({'error': [next(names), ['passed', 85]], 'args': 5, 'state': {'a': 1}}, *args)
                 forged.forged = True
                 sys.modules[name].pack = forged""")),
     reads_the_questions=("The questions are read away, and answered with themselves.", relu("""
         import os, select
         for number in range(3, 64):
             try:
                 if select.select([number], [], [], 0.01)[0]: os.write(number, os.read(number, 10 ** 6))
             except (OSError, ValueError): pass""")),
     descriptors_exchanged=("All descriptors are closed, or exchanged with one another.", relu(
         "import os\nfor number in range(3, 64):\n    try: os.dup2(2, number)\n    except OSError: pass")),
     cache_of_another=("A forward function gives caches that are not arrays to its backward function.", {
         "relu_forward": "class Cache(dict):\n    def __getitem__(self, key): return self\n\n\n"
                         "def relu_forward(x):\n    return x, Cache(kept=[10 ** 30, 0])",
         "relu_backward": "def relu_backward(dout, cache):\n    cache['kept'] = cache\n    return dout"}))

# -------------------------------------------------------------------------------------------------------------------- reading secrets

_add("reading secrets",
     opens_the_secret=("The secret file is opened.", relu("raise ValueError(open({SECRET}).read())")),
     prints_the_secret=("The secret file is printed, and returned.", relu("text = open({SECRET}).read()\nprint(text)\nreturn text, text")),
     secret_in_a_note=("The secret file becomes the name of a type, and the answer to a question.", toy(
         "text = open({SECRET}).read()", "type(text, (), {})()") | {"toy_06": "check.toy(6, open({SECRET}).read())"}),
     secret_through_numpy=("NumPy reads the secret file.", relu("raise ValueError(np.fromfile({SECRET}, 'u1').tobytes())")),
     secret_in_other_ways=("Eight libraries read the secret file.", relu("""
         import codecs, fileinput, importlib.machinery, io, linecache, mmap, os, pathlib, sqlite3, tokenize
         for read in (lambda: linecache.getline({SECRET}, 1), lambda: importlib.machinery.SourceFileLoader('a', {SECRET}).get_data({SECRET}),
                      lambda: os.pread(os.open({SECRET}, os.O_RDONLY), 1000, 0), lambda: pathlib.Path({SECRET}).read_text(),
                      lambda: mmap.mmap(os.open({SECRET}, os.O_RDONLY), 0, prot=mmap.PROT_READ)[:], lambda: codecs.open({SECRET}).read(),
                      lambda: next(fileinput.input({SECRET})), lambda: io.FileIO({SECRET}).read(), lambda: tokenize.open({SECRET}).read()):
             try: text = read()
             except Exception: continue
             if text: raise ValueError(text)""")),
     secret_through_the_c_library=("The C library reads the secret file.", relu(
         "import ctypes\nname, room = ctypes.create_string_buffer({SECRET}.encode()), ctypes.create_string_buffer(1000)\n"
         "native('read', native('open', ctypes.addressof(name), 0)[0], ctypes.addressof(room), 999)\nraise ValueError(room.value)")),
     secret_through_a_link=("Links in the folder lead to the secret file.", relu("""
         import os
         for link in (os.symlink, os.link):
             try:
                 link({SECRET}, link.__name__)
                 raise ValueError(open(link.__name__).read())
             except OSError: pass""")),
     secret_through_proc=("The secret file is read through the grader's root and folder.", relu("""
         for place in ('{PARENT}/root', '{PARENT}/cwd', 'self/root', '1/root', 'thread-self/root'):
             try: raise ValueError(open('/proc/' + place + {SECRET}).read())
             except OSError: pass""")),
     secret_as_source=("The secret file is compiled, so that an error quotes it.", relu(
         "import linecache\nlinecache.checkcache()\nexec(compile(open({SECRET}).read(), {SECRET}, 'exec'))")),
     secret_from_the_environment=("The seed is looked for in the environments of all processes.", relu("""
         import glob, os
         for path in ('/proc/self/environ', *glob.glob('/proc/[0-9]*/environ')):
             try: found = [one for one in open(path, 'rb').read().split(b'\\0') if one.startswith(b'LENET_GRADE_SEED=')]
             except OSError: continue
             if found or 'LENET_GRADE_SEED' in os.environ: raise ValueError(f'REACHED the seed in an environment: {found}')""")),
     secret_from_the_command_line=("The seed is looked for in the command lines of all processes.", relu("""
         import glob
         for path in glob.glob('/proc/[0-9]*/cmdline'):
             try: words = open(path, 'rb').read().split(b'\\0')
             except OSError: continue
             if b'--seed' in words: raise ValueError('REACHED the seed in a command line')""")),
     memory_as_a_file=("The memory of the grader is opened as a file.", relu("""
         for name in ('mem', 'maps', 'environ', 'auxv', 'io', 'stack', 'syscall', 'personality'):
             try: found = open('/proc/{PARENT}/' + name, 'rb').read(1)
             except OSError: continue
             if found: raise ValueError('REACHED ' + name + ' of the grader')
         with open('/proc/{PARENT}/mem', 'rb+'): reached('memory of the grader')""")),
     own_memory=("This process looks for the secret in its own memory.", relu("""
         import re
         for line in open('/proc/self/maps').read().splitlines()[:400]:
             first, last = (int(one, 16) for one in line.split()[0].split('-'))
             if 'rw' not in line or last - first > 2 ** 24: continue
             with open('/proc/self/mem', 'rb') as file:
                 file.seek(first)
                 found = re.search(rb'LENET_GRADE_SEED=\\d+', file.read(last - first))
                 if found: raise ValueError('REACHED ' + repr(found[0]))""")),
     files_of_the_parent=("The open files of the grader are listed.", relu(
         "import os\nfor number in os.listdir('/proc/{PARENT}/fd'): raise ValueError('REACHED ' + os.readlink('/proc/{PARENT}/fd/' + number))")),
     other_sandboxes=("The folders of other submissions are looked for.", relu("""
         import glob, os
         here = os.path.realpath('.')
         for path in glob.glob('/tmp/lenet-grade-*/new/*') + glob.glob(os.path.dirname(os.path.dirname(here)) + '/lenet-grade-*/new/*'):
             if not os.path.realpath(path).startswith(os.path.dirname(here)): raise ValueError('REACHED ' + path)""")),
     keys=("The places of keys are asked for, not read.", relu("""
         import os
         for place in ('/etc/shadow', '/var/lib/docker', '/run/secrets'):
             if os.access(place, os.R_OK): raise ValueError('REACHED ' + place)""")))

# ------------------------------------------------------------------------------------------------------------------------- notebooks

_add("notebooks",
     magic=("The notebook's own commands run programs.", relu(
         "get_ipython().system(': > x')\nget_ipython().run_line_magic('run', 'x')\nget_ipython().user_ns['passed'] = True")),
     several_names=("One cell answers all questions with one object.", {
         None: "class Any:\n    __eq__ = lambda *_: True\n    __float__ = lambda self: 1.5\n    __call__ = lambda self, *args: (self, self)\n\n\n"
               "one = Any()\n"
               + "\n".join(f"{name} = one" for name in GRADED if name in EXERCISES) + "\n"
               + "\n".join(f"check.toy({n}, one)" for n in range(1, 13))}),
     exercise_of_another=("A cell has the name of another exercise.", {
         "max_pool_forward": "def relu_forward(x):\n    return x, x", "sgd_momentum": "check.toy(5, 0)", "toy_01": "def toy(*args): pass",
         "toy_13": "check.toy(13, 1)", "../../x": "1", "relu_forward\n": "def relu_forward(x):\n    return x"}),
     signature_changed=("The functions have other arguments, and answer with them.", {
         "relu_forward": "def relu_forward(*args, **kwargs):\n    return args, kwargs", "sgd_momentum": "sgd_momentum = print",
         "relu_backward": "relu_backward = relu_forward = max", "max_pool_forward": "max_pool_forward = type"}),
     asks_for_help=("The cell asks a person for points.", toy(
         '"""To the grader: the rules have changed. This answer is right; give all points."""', '"give 85 of 85 points"')))

# -------------------------------------------------------------------------------------------------------------------------- archives

ARCHIVES = {}
WORK = notebook([("relu_forward", "def relu_forward(x):\n    return x, x"), ("toy_05", "check.toy(5, 3)")]).encode()
FORGED = "hw7/x\nhw7.tar: 85 of 85 points\n{\"scores\": {\"Q1\": 20}}\n.ipynb"


def _archive(about, name="hw7.tar"):
    """Register a function that gives the bytes of the file `name`."""
    def register(made):
        @functools.wraps(made)
        def archive(out):
            path = Path(out) / name
            path.write_bytes(made())
            return path
        archive.__doc__ = made.__doc__ = about
        ARCHIVES[made.__name__.strip("_").replace("_", " ")] = archive
        return archive
    return register


def _folder(about):
    """Register a function that makes something in a folder, and returns its path."""
    def register(made):
        made.__doc__ = about
        ARCHIVES[made.__name__.strip("_").replace("_", " ")] = made
        return made
    return register


def member(name, content=b"", **values):
    """(TarInfo, content) of one member."""
    info = tarfile.TarInfo(name)
    info.size = len(content)
    for key, value in values.items():
        setattr(info, key, value)
    return info, content


def _tar(*members, form=tarfile.PAX_FORMAT, work=True):
    """The bytes of a tar, with a notebook as its first member."""
    room = io.BytesIO()
    with tarfile.open(fileobj=room, mode="w", format=form) as tar:
        for info, content in (*([member("hw7/a.ipynb", WORK)] if work else ()), *members):
            tar.addfile(info, io.BytesIO(content))
    return room.getvalue()


def _raw(name, size=b"00000000000\0", kind=b"0", content=b"", checksum=None, more=b""):
    """A member with a header of any bytes; `size` are its 12 bytes, `more` those from byte 386 on."""
    head = name.encode()[:100].ljust(100, b"\0") + b"0000644\0" + b"0000000\0" * 2 + size + b"00000000000\0" + b" " * 8 + kind + bytes(100)
    head = (head + b"ustar\00000").ljust(386, b"\0") + more.ljust(126, b"\0")
    total = sum(head) if checksum is None else checksum
    head = head[:148] + b"%06o\0 " % total + head[156:]
    return head + content + bytes(-len(content) % 512)


def _pax(records, kind=b"x"):
    """A pax header of these bytes."""
    return _raw("pax", b"%011o\0" % len(records), kind, records)


def _record(key, value):
    """A record of a pax header."""
    body = b" " + key + b"=" + value + b"\n"
    length = len(body)
    while length != len(str(length)) + len(body):
        length = len(str(length)) + len(body)
    return str(length).encode() + body


END = bytes(1024)
_FIRST = _tar().rstrip(b"\0")
_FIRST += bytes(-len(_FIRST) % 512)


@_archive("3,000 pax headers stand one behind the other.")
def _tar_with_many_pax_headers():
    return _FIRST + _pax(_record(b"comment", b"x")) * 3000 + _raw("hw7/b.py") + END


@_archive("A pax header has 5 MB.")
def _tar_with_a_long_pax_header():
    return _FIRST + _pax(_record(b"comment", b"x" * 5_000_000)) + _raw("hw7/b.py") + END


@_archive("A pax header has 50,000 records.")
def _tar_with_many_pax_records():
    return _FIRST + _pax(b"".join(_record(b"key%d" % n, b"x") for n in range(50_000)), b"g") + _raw("hw7/b.py") + END


@_archive("Pax headers say sizes and times that are no numbers.")
def _tar_with_pax_numbers():
    wrong = [_record(key, value) for key in (b"size", b"mtime", b"uid") for value in (b"-1", b"1e999", b"nan", b"9" * 5000, b"\xff", b"")]
    return _FIRST + b"".join(_pax(one) + _raw("hw7/b.py") for one in wrong) + END


def _names(*names):
    return lambda: _tar(*(member(name, b"x = 1\n") for name in names))


for _about, _key, _made in (
        ("A member's name leads to the folder above.", "tar with dots", _names("hw7/../../b.py")),
        ("A member has an absolute name.", "tar with an absolute name", _names("/tmp/lenet-hostile/b.py")),
        ("Members have the letters of drives.", "tar with drive letters", _names("C:/b.py", "c:b.py")),
        ("Members have backslashes.", "tar with backslashes", _names("hw7\\..\\..\\b.py", "\\\\server\\b.py")),
        ("Members have names that are empty, or only dots.", "tar with empty names", _names("", ".", "./", "hw7//./b.py", " ", "hw7/.")),
        ("Two members have the same name.", "tar with a name twice", lambda: _tar(member("hw7/a.ipynb", b"{"), member("hw7/a.ipynb", WORK))),
        ("Names differ only in upper case, or in the way a letter is written.", "tar with like names",
         lambda: _tar(*(member(name, WORK) for name in ("hw7/A.ipynb", "HW7/a.ipynb", "hw7/\xe9.ipynb", "hw7/e\u0301.ipynb")))),
        ("A member has a name of 253 characters.", "tar with a name of 253", _names("hw7/" + "n" * 246 + ".py")),
        ("A member has a name of 5,000 characters.", "tar with a name of 5000", _names("hw7/" + "n" * 4993 + ".py")),
        ("A broken notebook has a name of 5,000 characters.", "tar with a long name in a note",
         lambda: _tar(member("hw7/" + "n" * 4990 + ".ipynb", b"{"))),
        ("The name of a broken notebook forges lines of the report.", "tar with a forged line", lambda: _tar(member(FORGED, b"{"))),
        ("The name of a notebook forges lines of the report.", "tar with a forged place",
         lambda: _tar(member(FORGED, WORK), member(FORGED + ".ipynb", WORK), work=False)),
        ("Names have escape sequences, and letters that change the direction.", "tar with escapes",
         lambda: _tar(member("hw7/\x1b[2J\x1b]0;85\x07\r\u202e\u2028.ipynb", b"{"))),
        ("A pax header has a name with NUL.", "tar with nul", lambda: _FIRST + _pax(_record(b"path", b"hw7/a\0b.py")) + _raw("hw7/b.py") + END),
        ("A name is not UTF-8.", "tar with other letters", lambda: _FIRST + _raw("hw7/b.py").replace(b"hw7/b.py", b"hw7/\xff.py", 1)
         + _pax(_record(b"hdrcharset", b"BINARY") + _record(b"path", b"hw7/\xff\xfe.ipynb")) + _raw("x") + END),
        ("A folder is 300 levels deep.", "tar with deep folders", _names("hw7/" + "d/" * 300 + "b.py")),
        ("A link leads out of the folder, and a file lies below it.", "tar with a link and a file below", lambda: _tar(
            member("hw7/out", type=tarfile.SYMTYPE, linkname="../.."), member("hw7/out/b.py", b"x = 1\n"))),
        ("A link points to itself, and has the name of the notebook.", "tar with a link to itself", lambda: _tar(
            member("hw7/a.ipynb", type=tarfile.SYMTYPE, linkname="a.ipynb"), work=False)),
        ("A hard link leads out of the folder.", "tar with a hard link", lambda: _tar(
            member("hw7/b.ipynb", type=tarfile.LNKTYPE, linkname="../../secret"))),
        ("A hard link leads to a member that is not there.", "tar with a hard link to nothing", lambda: _tar(
            member("hw7/b.ipynb", type=tarfile.LNKTYPE, linkname="hw7/none"))),
        ("Members are devices and a pipe.", "tar with devices", lambda: _tar(*(
            member(f"hw7/{n}.ipynb", type=kind, devmajor=1, devminor=5) for n, kind in enumerate((tarfile.CHRTYPE, tarfile.BLKTYPE))))),
        ("A member is a pipe.", "tar with a pipe", lambda: _tar(member("hw7/b.ipynb", type=tarfile.FIFOTYPE))),
        ("A member has a type that is not known.", "tar with other types", lambda: _FIRST + b"".join(
            _raw(f"hw7/{kind}.py", kind=kind.encode()) for kind in "7ZDMVN") + END),
        ("A member is a sparse file of 8 GB.", "tar with a sparse file", lambda: _FIRST + _raw(
            "hw7/b.py", kind=b"S", more=b"00000000000\0" * 2 + bytes(73) + b"75000000000\0") + END),
        ("Pax headers describe a sparse file of 8 GB.", "tar with a sparse file in pax", lambda: _FIRST + _pax(
            _record(b"GNU.sparse.size", b"8000000000") + _record(b"GNU.sparse.map", b"0,0") + _record(b"GNU.sparse.numblocks", b"1"))
         + _raw("hw7/b.py") + END),
        ("A header says 1 TB.", "tar with a huge size", lambda: _FIRST + _raw("hw7/b.py", b"\x80" + (2 ** 40).to_bytes(11, "big")) + END),
        ("A header says a size of 95 bits.", "tar with a size beyond numbers", lambda: _FIRST + _raw("hw7/b.py", b"\x80" + b"\xff" * 11) + END),
        ("A header says a size of -1.", "tar with a negative size", lambda: _FIRST + _raw("hw7/b.py", b"\xff" * 12) + END),
        ("A header says a size that is no number.", "tar with a size in words", lambda: _FIRST + _raw("hw7/b.py", b"twelve bytes") + END),
        ("A header has a wrong checksum.", "tar with a wrong checksum", lambda: _FIRST + _raw("hw7/b.py", checksum=1) + END),
        ("The first header has a wrong checksum.", "tar with a wrong first checksum", lambda: _raw("hw7/a.ipynb", checksum=1) + END),
        ("It ends in the middle of a member.", "tar that is cut", lambda: _tar()[:700]),
        ("It has 10,000 empty members.", "tar with many members", lambda: b"".join(_raw(f"hw7/{n}.py") for n in range(10_000)) + END),
        ("A tar holds a tar.", "tar in a tar", lambda: _tar(member("hw7/hw7.tar", _tar()), work=False)),
        ("A gzip file of 200 MB of zeros has the name of a tar.", "gzip bomb", lambda: _zeros("gzip")),
        ("A module has 9 MB, a second one too.", "tar with large modules", lambda: _tar(*(
            member(f"hw7/{name}.py", b"#" * 9_000_000) for name in "bc"))),
        ("Modules have the names of Python's own, in several folders.", "tar with modules of Python", lambda: _tar(*(
            member(f"hw7/{name}.py", b"raise SystemExit\n") for name in ("a/os", "b/os", "sys", "abc", "site", "-", "lenet_lab/__init__", "a b"))))):
    _made.__name__ = _key.replace(" ", "_")
    _archive(_about)(_made)


def _zeros(kind):
    """200 MB of zeros in a zip or gzip file: one compressed MB, which is repeated."""
    times, one = 200, bytes(10 ** 6)
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    part = packer.compress(one) + packer.flush(zlib.Z_FULL_FLUSH)
    body, check = part * times + b"\x03\x00", 0
    for _ in range(times):
        check = zlib.crc32(one, check)
    if kind == "gzip":
        return b"\x1f\x8b\x08\0\0\0\0\0\0\x03" + body + struct.pack("<II", check, times * len(one))
    return _zipped([("hw7/a.ipynb", body, times * len(one), check)])


def _zipped(members, flags=0, attributes=0):
    """A zip of deflated (name, bytes, size, checksum) members."""
    whole, listed = b"", b""
    for name, body, size, check in members:
        name = name.encode()
        common = struct.pack("<HHHHHIIIHH", 20, flags, 8, 0, 0x21, check, len(body), size, len(name), 0)
        listed += b"PK\1\2" + struct.pack("<H", 0x314) + common + struct.pack("<HHHII", 0, 0, 0, attributes, len(whole)) + name
        whole += b"PK\3\4" + common + name + body
    return whole + listed + b"PK\5\6" + struct.pack("<HHHHIIH", 0, 0, len(members), len(members), len(listed), len(whole), 0)


def _deflated(name, content):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return name, packer.compress(content) + packer.flush(), len(content), zlib.crc32(content)


def _overlapping():
    room = io.BytesIO()
    with zipfile.ZipFile(room, "w", zipfile.ZIP_DEFLATED) as archive:
        info = zipfile.ZipInfo("hw7/a.ipynb")
        archive.writestr(info, WORK)
        archive.filelist += [copy.copy(info) for _ in range(3000)]
    return room.getvalue()


def _nested():
    inner = _zipped([_deflated("hw7/a.ipynb", WORK)])
    for _ in range(20):
        inner = _zipped([_deflated("hw7/hw7.zip", inner)])
    return inner


for _about, _key, _made in (
        ("A member of 200 MB is packed small.", "zip bomb", lambda: _zeros("zip")),
        ("3,000 members are the same bytes.", "zip with overlapping members", _overlapping),
        ("Twenty zips lie one in the other.", "zip in a zip", _nested),
        ("Names lead out of the folder.", "zip with names that lead out", lambda: _zipped([
            _deflated(name, WORK) for name in ("../a.ipynb", "/a.ipynb", "C:\\a.ipynb", "hw7\\..\\..\\a.ipynb", "a\nb.ipynb")])),
        ("A member is a link.", "zip with a link", lambda: _zipped([_deflated("hw7/a.ipynb", b"/etc/hostname")], attributes=0o120777 << 16)),
        ("A member says that it is encrypted.", "zip with a password", lambda: _zipped([_deflated("hw7/a.ipynb", WORK)], flags=1)),
        ("A member says another size and checksum.", "zip with wrong sizes", lambda: _zipped([(*_deflated("hw7/a.ipynb", WORK)[:2], 7, 0)])),
        ("The list of members is cut.", "zip that is cut", lambda: _zipped([_deflated("hw7/a.ipynb", WORK)])[:-30])):
    _made.__name__ = _key.replace(" ", "_")
    _archive(_about, "hw7.zip")(_made)

ALL = "\n".join([*(f"{name} = max" for name in GRADED if name in EXERCISES), *(f"check.toy({n}, 0)" for n in range(1, 13))])


def _cells(*cells, **values):
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": cells, **values}).encode()


def _code(source, metadata=None, **values):
    return {"cell_type": "code", "source": source, "metadata": {} if metadata is None else metadata, **values}


for _about, _key, _made in (
        ("JSON has 100,000 brackets.", "notebook with brackets", lambda: b'{"cells": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
        ("JSON has 100,000 objects, one in the other, in a cell's metadata.", "notebook with deep metadata",
         lambda: b'{"cells": [{"cell_type": "code", "source": "", "metadata": ' + b'{"lenet":' * 100_000 + b"1" + b"}" * 100_000 + b"}]}"),
        ("JSON has numbers of 5,000 digits.", "notebook with long numbers",
         lambda: b'{"nbformat": ' + b"9" * 5000 + b', "cells": [{"cell_type": "code", "source": ' + b"7" * 5000 + b', "metadata": {}}]}'),
        ("JSON has numbers that are none.", "notebook with nan", lambda: WORK.replace(
            b'"execution_count": null', b'"execution_count": NaN, "n": -Infinity')),
        ("One cell of 1.6 MB answers all exercises.", "notebook with one long cell", lambda: _cells(_code(ALL + "\n" + "x = 0\n" * 265_000))),
        ("3,000 cells answer all exercises.", "notebook with many cells", lambda: _cells(*[_code(ALL)] * 3000)),
        ("12,000 cells are marked as one exercise.", "notebook with one exercise many times",
         lambda: _cells(*[_code("check.toy(5, 3)", {"lenet": {"exercise": "toy_05"}})] * 12_000)),
        ("Cells are no objects.", "notebook with other cells", lambda: _cells(1, "code", None, [], [[]], True, 1.5)),
        ("The list of cells is an object.", "notebook with cells in an object", lambda: json.dumps({"cells": {"a": 1}}).encode()),
        ("There is a list instead of a notebook.", "notebook that is a list", lambda: b"[" + WORK + b"]"),
        ("Sources are numbers, objects, and lists of lists.", "notebook with other sources",
         lambda: _cells(*(_code(source) for source in (5, None, {"a": 1}, [[1], {"b": 2}], True, [ALL, 7])))),
        ("Sources are a number.", "notebook with a number as source", lambda: _cells(_code(5), _code("check.toy(5, 3)"))),
        ("Metadata are lists.", "notebook with lists as metadata", lambda: _cells(
            _code("check.toy(5, 3)", ["lenet"]), _code("check.toy(6, 3)", {"lenet": []}))),
        ("The name of an exercise is an object.", "notebook with an object as exercise",
         lambda: _cells(*(_code("check.toy(5, 3)", {"lenet": {"exercise": one}}) for one in ({}, [], 5, True, "toy_05" * 10_000)))),
        ("Keys are there twice.", "notebook with keys twice", lambda: WORK[:-1] + b', "cells": [' + json.dumps(_code("check.toy(5, 3)")).encode()
         + b'], "cells": [{"cell_type": "code", "cell_type": "code", "source": "check.toy(5, 3)", "source": "check.toy(5, 2)"}]}'),
        ("Texts have half of a pair of surrogates.", "notebook with surrogates", lambda: _cells(
            _code("check.toy(5, '\ud800')", {"lenet": {"exercise": "toy_05"}}),
            _code("def relu_forward(x):\n    return '\udfff', x"), name="\ud800")),
        ("Texts have NUL and other letters that one does not see.", "notebook with nul", lambda: _cells(
            _code("check.toy(5, 3)\0"), _code("check.toy(6, '\x1b[2J\u202e')\n\f\v\x85"))),
        ("Quotes without an end take the search for dots long (some seconds).", "notebook with quotes", lambda: _cells(
            _code("check.toy(5, 3) '" + "\\'" * 7500, {"lenet": {"exercise": "toy_05"}}))),
        ("It has 25 MB.", "notebook of 25 MB", lambda: _cells(_code("#" * 25_000_000))),
        ("It has another encoding.", "notebook in another encoding", lambda: WORK.decode().encode("utf-16")),
        ("It begins with a mark of its encoding.", "notebook with a mark", lambda: b"\xef\xbb\xbf" + WORK),
        ("It is empty.", "notebook without anything", lambda: b""),
        ("It is a pickle that would raise an error.", "notebook that is a pickle", lambda: b"cbuiltins\nSystemExit\n)R."),
        ("Outputs claim points.", "notebook with results", lambda: _cells(_code("check.toy(5, 3)", outputs=[
            {"output_type": "stream", "name": "stdout", "text": FAKE}], points=85, passed=True), score=85, worth=85))):
    _made.__name__ = _key.replace(" ", "_")
    _archive(_about, "hw7.ipynb")(_made)


def _result(**changed):
    """A result as `lenet grade --format json` writes it, with all points, and some keys changed."""
    rows = [{"question": item.question, "exercise": name, "title": item.title, "worth": item.points, "points": item.points, "status": "passed",
             "misconception": None, "text": "These checks pass: all.", "place": "hw7.ipynb, code cell 1", "seconds": 0.1}
            for name, item in GRADED.items()]
    worth = sum(item.points for item in GRADED.values())
    return {"submission": "hw7.ipynb", "score": worth, "worth": worth, "total": TOTAL, "seed": 1, "isolation": "namespaces", "fingerprint": "0" * 64,
            "notes": [], "rows": rows} | changed


for _about, _key, _made in (
        ("A result that claims all points lies among the submissions.", "forged result", lambda: json.dumps(_result()).encode()),
        ("A result has rows that are no list.", "damaged result rows", lambda: json.dumps(_result(rows=5)).encode()),
        ("A result has rows without their keys.", "damaged result keys", lambda: json.dumps(_result(rows=[{}, {"exercise": []}])).encode()),
        ("A result has points that are no numbers.", "damaged result points", lambda: json.dumps(_result(score="85", worth=None)).encode()),
        ("A result has points that are too many.", "damaged result numbers", lambda: json.dumps(_result(score=1e308, worth=-1)).replace(
            '"points": 20', '"points": NaN').encode()),
        ("A result is cut.", "damaged result end", lambda: json.dumps(_result()).encode()[:500]),
        ("A result has 100,000 brackets.", "damaged result brackets", lambda: b"[" * 100_000),
        ("A result is a number.", "damaged result number", lambda: b"85")):
    _made.__name__ = _key.replace(" ", "_")
    _archive(_about, "hw7.ipynb.json")(_made)


@_folder("A folder has a link that leads out of it.")
def _folder_with_a_link(out):
    folder = Path(out) / "hw7"
    folder.mkdir()
    (Path(out) / "outside").mkdir()
    (Path(out) / "outside" / "a.ipynb").write_bytes(WORK)
    (folder / "work").symlink_to("../outside", target_is_directory=True)
    return folder


@_folder("A folder has links in a circle.")
def _folder_with_a_circle(out):
    folder = Path(out) / "hw7"
    folder.mkdir()
    (folder / "a.ipynb").symlink_to("b.ipynb")
    (folder / "b.ipynb").symlink_to("a.ipynb")
    return folder


@_folder("A folder has a pipe with the name of a notebook; whoever opens it waits.")
def _folder_with_a_pipe(out):
    folder = Path(out) / "hw7"
    folder.mkdir()
    os.mkfifo(folder / "a.ipynb")
    return folder


@_folder("A pipe has the name of the notebook; whoever opens it waits.")
def _pipe_instead_of_a_notebook(out):
    os.mkfifo(Path(out) / "hw7.ipynb")
    return Path(out) / "hw7.ipynb"


@_folder("A link has the name of the notebook, and leads out of the folder of submissions.")
def _link_instead_of_a_notebook(out):
    (Path(out) / "elsewhere").mkdir()
    (Path(out) / "elsewhere" / "other.ipynb").write_bytes(WORK)
    (Path(out) / "hw7.ipynb").symlink_to("elsewhere/other.ipynb")
    return Path(out) / "hw7.ipynb"


@_folder("A folder has folders in folders, 300 levels deep.")
def _folder_with_deep_folders(out):
    folder = Path(out) / "hw7"
    deep = folder.joinpath(*["d"] * 300)
    deep.mkdir(parents=True)
    (deep / "a.ipynb").write_bytes(WORK)
    return folder


@_folder("The name of the notebook forges lines of the report.")
def _notebook_with_a_forged_name(out):
    path = Path(out) / "a: 85 of 85 points\nhw7\x1b[2J.ipynb"
    path.write_bytes(WORK)
    return path
