"""The errors that Python and NumPy raise in a student's function, in words that a first-year student can use.

`explained(error)` gives (name, text): a short name of the cause, or None, and one or two sentences. Where the message is not known, it is
repeated as it is.
"""

import builtins
import difflib
import math
import re

from .octave_errors import KNOWN as OF_OCTAVE

LONGEST_MESSAGE = 200                   # characters of an unknown error that are repeated
PYTHON_2 = {"xrange": "range", "unicode": "str", "raw_input": "input", "reduce": "functools.reduce", "long": "int", "basestring": "str"}
SHAPE = r"(\([\d,newaxis ]*\))"


class Told(Exception):
    """A problem that an adapter finds between the student's function and the engine: its name, and the sentences about it."""

    def __init__(self, name, text):
        super().__init__(text)
        self.name = name


def said_by(error):
    """The text of an error; never raises."""
    try:
        return str(error)
    except Exception:
        return ""


def message(error):
    """The type and the text of an error, shortened; never raises."""
    said = said_by(error)
    said = said if len(said) <= LONGEST_MESSAGE else said[:LONGEST_MESSAGE] + " ..."
    return type(error).__name__ + (f": {said}" if said else "")


def explained(error, names=(), has=()):
    """(name, text) for an error; `names` are the names that the function could have meant, `has` what its exercise has (`STEPS`)."""
    name, text = _cause(error, names)
    return name, " ".join([text, *(step for cause, what, step in STEPS if cause == name and what in has)])


def _cause(error, names):
    said = said_by(error)
    if isinstance(error, Told):
        return error.name, said
    for kind, pattern, cause in KNOWN:
        # An error from another process is one of the same name, not always of the same class.
        found = (isinstance(error, kind) or type(error).__name__ == kind.__name__) and re.search(pattern, said)
        if found:
            if callable(cause):
                return cause(found, error, names)
            name, text = cause
            return name, text.format(said, *found.groups())
    return None, f"It raises {message(error)}."


# ------------------------------------------------------------------------------------- causes that have to be worked out


def _broadcast(found, error, names):
    shapes = re.findall(r"\([\d,]*\)", found.group(1))
    pair = " and ".join(one.replace(",", ", ").replace(", )", ",)") for one in shapes)
    dropped = any(one in names for one in ("max", "min", "sum", "mean")) and len({one.count(",") - one.count(",)") for one in shapes}) > 1
    more = " Has a sum or a maximum dropped an axis? With keepdims=True it stays, with length 1." if dropped else ""
    return "shapes that do not fit", (f"Arrays of shapes {pair} cannot be combined entry by entry. Compare the shapes from the right: each pair "
                                      f"of sizes must be equal, or one of them 1.{more}")


def _reshape(found, error, names):
    size, shape = int(found.group(1)), found.group(2)
    wanted = [int(one) for one in re.findall(r"-?\d+", shape)]
    product = math.prod(wanted) if wanted and min(wanted) >= 0 else None
    more = f", which holds {product}" if product is not None else ""
    if product and size > product and size % product and (size - product) > 0 and size - product < product:
        more += f". {size - product} too many: perhaps a row of ones for the bias is still there"
    return "reshape", f"An array of {size} numbers cannot take the shape {shape}{more}. Print its shape in the line before."


def _index(found, error, names):
    index, axis, size = found.group(1), found.group(2), found.group(3)
    return "index outside", (f"Index {index} is outside axis {axis}, which has {size} entries (0 to {int(size) - 1}). A loop runs too far, or rows "
                             "and columns are exchanged.")


def _unpack(found, error, names):
    wanted, got = found.group("wanted"), found.groupdict().get("got")
    return "unpacking", (f"A line takes {wanted} values apart, but there are {got or 'more'}. Print what stands on its right: it has another "
                         "structure than you expect.")


def _name(found, error, names):
    missing = found.group(1)
    if missing in PYTHON_2:
        return "Python 2", f"`{missing}` is Python 2. In Python 3 it is `{PYTHON_2[missing]}`."
    near = difflib.get_close_matches(missing, [name for name in (*names, *dir(builtins)) if name != missing], 1)
    return "unknown name", (f"The name `{missing}` is not known here. " +
                            (f"Is `{near[0]}` meant?" if near else "It has not been assigned, or only in another function."))


def _argument(found, error, names):
    return "arguments", f"It is called with other arguments than it takes: {message(error)}. Keep the arguments of the exercise, with these names."


def _operand(found, error, names):
    kinds = {found.group(2), found.group(3)}
    if "NoneType" in kinds:
        return "None", "None is used in a calculation. A function without `return` gives None."
    several = sorted(kinds & {"list", "tuple"})
    if several:
        return "structure", (f"`{found.group(1).split()[0]}` is used with a {several[0]}, but it is for arrays and numbers. Take the arrays out of "
                             "it first.")
    return "structure", (f"`{found.group(1)}` is used with a {found.group(2)} and a {found.group(3)}. One of them is not the array or number that "
                         "you expect.")


def _dictionary(found, error, names):
    return "dictionary", (f"A dictionary is used as an array. In the handout's interface the data are in input[\"data\"], as columns. "
                          f"({message(error)})")


# --------------------------------------------------------------------------------------------------------------- the table

FLOAT = ("float as a count", "A float is used where a whole number is needed (a size, an index, a range). In Python 3 `/` gives a float, also 6 / 2; "
         "write `//`.")
INDEX_TYPE = ("index type", "An index must be a whole number, a slice, or an array of integers or bools. A float or a list of another kind "
              "stands there; `//` gives whole numbers.")
RAGGED = ("arrays of different shapes", "The arrays have different shapes, so NumPy cannot make one array of them.")
UNBOUND = ("used before it is assigned", "`{1}` is used before it has a value. In some case the line that assigns it does not run, or it "
           "comes later.")

# What more is said about a cause where the exercise has windows, a cache, a list of arrays, or a function to be measured.
STEPS = [
    ("arrays of different shapes", "windows", "The last window is perhaps cut off at the edge."),
    ("arrays of different shapes", "several", "Add up the squares of each array, then add those sums."),
    ("empty array", "windows", "Does a window lie outside the image, or are rows and columns exchanged?"),
    ("None", "windows", "A stride that was not given is None, too."),
    ("number for array", "windows", "N, C, H, W = x.shape gives W another meaning."),
    ("number for array", "function", "f takes the whole array: copy x, change one entry of the copy, and give f the copy."),
    ("structure", "function", "f takes a whole array and returns one number."),
    ("structure", "cache", "The cache has what your forward function put there."),
    ("structure", "several", "Go through the list, one array after the other."),
]

# (type, pattern, cause): the cause is (name, text), or a function of the match that returns both. In the text {0} is the whole message,
# {1} and {2} are the groups of the pattern. The first that fits is taken.
KNOWN = [
    (ValueError, r"matmul.*mismatch.*\(size (\d+) is different from (\d+)\)", (
        "sizes of a product", "A product with @ has sizes that do not fit: the last axis of the left array has {2} entries, the axis it meets in the "
        "right one {1}. They must be equal; a transpose or a reshape is missing.")),
    (ValueError, rf"shapes {SHAPE} and {SHAPE} not aligned", (
        "sizes of a product", "The product {1} @ {2} is not possible: the last axis of the left array and the axis that it meets in the "
        "right one must be equal. A transpose or a reshape is missing.")),
    (ValueError, r"matmul: Input operand \d does not have enough dimensions", (
        "sizes of a product", "A single number stands beside @, which multiplies arrays. Use * for a number.")),
    (ValueError, r"could not broadcast input array from shape (\([\d,]*\)) into shape (\([\d,]*\))", (
        "shapes that do not fit", "An array of shape {1} is written into a place of shape {2}. They must have the same shape.")),
    (ValueError, r"(?:could not be broadcast|shape mismatch)(.*\(.*)", _broadcast),
    (ValueError, r"cannot reshape array of size (\d+) into shape (\(.*\))", _reshape),
    (IndexError, r"index (-?\d+) is out of bounds for axis (\d+) with size (\d+)", _index),
    (IndexError, r"too many indices for array: array is (\d+)-dimensional, but (\d+) were indexed", (
        "too many indices", "An array with {1} axes is indexed with {2} indices. Look at its shape: an axis is missing, or it is another "
        "array than you expect.")),
    (IndexError, r"only integers, slices", INDEX_TYPE),
    (IndexError, r"arrays used as indices must be of integer", INDEX_TYPE),
    (IndexError, r"boolean index did not match", (
        "mask of another shape", "A mask (array of True and False) has another shape than the array that it selects from.")),
    (IndexError, r"(list|tuple) index out of range", (
        "structure", "A {1} is shorter than you expect. Print its length.")),
    (ValueError, r"axis (-?\d+) is out of bounds for array of dimension (\d+)", (
        "axis missing", "axis {1} does not exist: the array has {2} axes, numbered from 0.")),
    (TypeError, r"'(?:numpy\.)?float\d*' object cannot be interpreted as an integer", FLOAT),
    (TypeError, r"slice indices must be integers", FLOAT),
    (TypeError, r"only integer scalar arrays|expected a sequence of integers or a single integer", FLOAT),
    (ValueError, r"not enough values to unpack \(expected (?:at least )?(?P<wanted>\d+), got (?P<got>\d+)\)", _unpack),
    (ValueError, r"too many values to unpack \(expected (?P<wanted>\d+)(?:, got (?P<got>\d+))?\)", _unpack),
    (TypeError, r"cannot unpack non-iterable (\w+) object", (
        "unpacking", "A line takes a {1} apart, which has no parts. Print what stands on its right.")),
    (UnboundLocalError, r"variable '(\w+)'", UNBOUND),
    (NameError, r"name '(\w+)' is not defined", _name),
    (NameError, r"free variable '(\w+)'", UNBOUND),
    (AttributeError, r"'dict' object has no attribute", _dictionary),
    (AttributeError, r"'(tuple|list)' object has no attribute '(\w+)'", (
        "structure", "A {1} is used as an array (`.{2}`). Take the array out of it first.")),
    (AttributeError, r"'NoneType' object has no attribute '(\w+)'", (
        "None", "None is used as an array (`.{1}`). A function without `return` gives None; so does list.append or sort.")),
    (AttributeError, r"'(?:numpy\.)?(?:int|float|float64|float32|int64)' object has no attribute '(\w+)'", (
        "number for array", "A number is used as an array (`.{1}`). Has an array lost its name, or been summed too early?")),
    (AttributeError, r"'(?:numpy\.)?(\w+)' object has no attribute '(\w+)'", (None, "It raises AttributeError: a {1} has no attribute `{2}`.")),
    (AttributeError, r"module '([\w.]+)' has no attribute '(\w+)'", ("unknown name", "{1} has no `{2}`. Look the name up in its documentation.")),
    (TypeError, r"positional argument|unexpected keyword|required keyword|multiple values for argument", _argument),
    (ValueError, r"truth value of an array", (
        "truth of an array", "An array with several entries stands where one True or False is needed (if, while, and, or, not; Python's "
        "max and min, too). For arrays write np.maximum or np.minimum, np.where, `&`, `|`, `~` with brackets, .any() or .all().")),
    (TypeError, r"Cannot cast ufunc '\w+' output from dtype\('(\w+)'\) to dtype\('(\w+)'\)", (
        "number type", "A result of type {1} is written into an array of {2}. Make the array with dtype=float, or with the number type of "
        "an argument, as x.dtype.")),
    (TypeError, r"numpy boolean (?:subtract|negative)", (
        "number type", "`-` is not defined for arrays of True and False. Use ~ or ^, or make numbers of them with .astype(float).")),
    (IndexError, r"invalid index to scalar variable", (
        "number for array", "A number is indexed like an array. Give the whole array to the function, or look at its shape in the line before.")),
    (ValueError, r"window \d+, stride -?\d+, pad -?\d+|A window of \d+ does not fit", (
        "arguments of the window", "{0} Are k, stride and pad handed on in this order, and the sizes unpacked as N, C, H, W?")),
    (ValueError, r"all (?:the )?input array", RAGGED),
    (ValueError, r"inhomogeneous|setting an array element with a sequence", RAGGED),
    (ValueError, r"zero-size array to reduction|attempt to get argm\w+ of an empty", (
        "empty array", "The maximum or minimum of an empty array. A loop runs too far, or a slice takes nothing.")),
    (ValueError, r"axes don't match array", (
        "axes", "transpose gets another number of axes than the array has. Print its shape in the line before.")),
    (TypeError, r"unsupported operand type\(s\) for ([^:]+): '(?:builtin_function_or_method|[\w.]*?)(\w+)' and '[\w.]*?(\w+)'", _operand),
    (TypeError, r"'(\S+)' not supported between instances of '(?:[\w.]*\.)?(\w+)' and '(?:[\w.]*\.)?(\w+)'", _operand),
    (TypeError, r"can't multiply sequence by non-int of type", (
        "structure", "A list or a tuple is multiplied as if it were an array. Take the arrays out of it first.")),
    (TypeError, r"unhashable type: 'slice'|(?:float|int)\(\) argument must be.*'dict'", _dictionary),
    (TypeError, r"'NoneType' object is not subscriptable", (
        "structure", "A NoneType is indexed with [ ]. A function without `return` gives None.")),
    (TypeError, r"'(\w+)' object is not subscriptable", ("structure", "A {1} is indexed with [ ]. It is not the array that you expect.")),
    (TypeError, r"'(\w+)' object does not support item assignment", (
        "structure", "A {1} cannot be written into. Make an array first, with np.zeros.")),
    (TypeError, r"'([\w.]+)' object is not callable", (
        "brackets", "A {1} is called like a function: something with ( ) behind it is not one. An operator is missing before the bracket, "
        "or a name of a function has been assigned.")),
    (TypeError, r"bad operand type for unary ~", (
        "number type", "`~` turns True into False. It stands before a float here: write it before a mask, in brackets: ~(x > 0).")),
    (TypeError, r"ufunc 'invert' not supported", (
        "brackets", "`~` turns True into False, but floats stand behind it here. Write it before a mask, with brackets: ~(x > 0).")),
    (TypeError, r"ufunc 'bitwise_\w+' not supported", (
        "brackets", "`&`, `|` and `~` bind more tightly than comparisons: write brackets around each part, (a > 0) & (b > 0).")),
    (KeyError, r"slice\(|Ellipsis", _dictionary),         # Python 3.12 and later: a slice can be a key
    (KeyError, r"^(.*)$", ("dictionary", "A dictionary has no key {1}. Look at its keys.")),
    (RecursionError, r"", (
        "recursion", "It calls itself without end. A function of this name that you wanted to use is perhaps the one you are writing.")),
    (ZeroDivisionError, r"", ("division by zero", "It divides by 0.")),
    (ImportError, r"(No module named '[\w.]+')", ("import", "A module cannot be imported: {1}.")),
    *OF_OCTAVE,
]
