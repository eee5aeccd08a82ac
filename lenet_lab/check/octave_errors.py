"""The errors of GNU Octave in a student's function, in plain words: a table for `errors`, of the same form as that of Python's errors."""

from lenet_lab.octave import OctaveError

SIZES = r"(\d+(?:x\d+)+)"
KNOWN = [(OctaveError, pattern, (name, f"{text} {{0}}" if "expected" in pattern else f"{text} Octave says: {{0}}")) for name, pattern, text in (
    ("syntax error", r"^parse error", "Octave cannot read the file: a bracket, a quotation mark, an `end` or an operator is missing or too much."),
    ("nothing returned", r"^'(output|input_od|param_grad|params_?|param_winc_?)' undefined",
     "`{1}` is never assigned, although the first line of the function says that it is returned."),
    ("nothing returned", r"value on the right hand side|called with too many outputs|element number \d+ undefined",
     "The function returns fewer values than its exercise wants: name them all before the = of its first line."),
    ("arguments", r"called with too many inputs",
     "The function takes fewer arguments than it is given. Keep the first line that the handout gave for it."),
    ("package", r"'(\w+)' function belongs to the (\w+) package",
     "`{1}` belongs to the package {2}, which is not a part of basic Octave. The homework asks for functions of basic Octave only."),
    ("unknown name", r"^'([\w.]+)' undefined", "The name `{1}` is not known here: it has no value yet, and there is no function of this name."),
    ("sizes of a product", rf"operator \*: nonconformant arguments \(op1 is {SIZES}, op2 is {SIZES}\)",
     "A {1} matrix times a {2} matrix is not possible: the inner sizes must be equal. A transpose (') is missing, or .* is meant."),
    ("shapes that do not fit", rf"operator (\S+): nonconformant arguments \(op1 is {SIZES}, op2 is {SIZES}\)",
     "Matrices of {2} and {3} cannot be combined by {1}, entry by entry: their sizes must be equal, or one of them 1."),
    ("shapes that do not fit", rf"^(?:\S+ )?=: nonconformant arguments \(op1 is {SIZES}, op2 is {SIZES}\)|^A\(.*\) = X",
     "What is assigned has another size than its place."),
    ("shapes that do not fit", r"dimensions mismatch", "Matrices are put beside or below each other whose sizes do not fit."),
    ("index outside", r"out of bound;? ?(?:value )?\d*|index \(.*\): out of bound",
     "An index is larger than the matrix. A loop runs too far, or rows and columns are exchanged."),
    ("index outside", r"subscripts must be|index \(.*\): (?:out of bound|subscript)",
     "An index must be a whole number from 1 on: Octave counts from 1, not from 0."),
    ("reshape", rf"can't reshape {SIZES} array to {SIZES}", "A {1} matrix cannot take the size {2}: it has another number of entries."),
    ("structure", r"no member '(\w+)'|invalid use of a N_-D array",
     "A struct has no such field. Look at those of input, output, layer and param."),
    ("structure", r"(\w+) cannot be indexed with (\S)", "A {1} is used as if it were something else: . is for structs, {{ }} for cell arrays."),
    ("recursion", r"max_recursion_depth", "The function calls itself without end."),
    ("memory", r"out of memory", "It makes an array that is too large. Print the sizes in the line before."),
    ("number type", r"of class (\w+); expected double", "The result has another number type than the handout wants: double(x) converts it."),
    ("transposed", r"^\S+ is (\d+)x(\d+); expected \2x\1(?!\d)",
     "Rows and columns of the result are exchanged: a transpose (') is missing, or one too many."),
    ("structure", r"(?:is|has) .*; expected (?:a struct|a cell array|a matrix)", "The result has another form than the handout wants."),
    ("shape of the result", r"expected \d+(?:x\d+)*", "The result has another size than the handout wants."),
)]
