#!/usr/bin/env bash
# ONNX Runtime 1.32.0, processor: max pooling gives NaN only where the NaN is the last entry of its window; the network's own library always.
#
# Guess before it was run: a graph that computes the scores of a network computes its NaN too; MaxPool of a window with a NaN is NaN, as in
# PyTorch, JAX and NumPy.
# Seen: [nan 1; 3 2] gives 3, [1 3; nan 2] gives 3, [3 2; 1 nan] gives NaN. Relu, Softmax and ArgMax of the same package keep the NaN.
# ONNX's text says nothing about NaN. The reference implementation that comes with onnx 1.23.2 gives 3 for all three windows at stride 1, and
# NaN for the same window repeated at stride 2.
# Who meets it: a network whose weights or pixels have become NaN looks healthy behind its first pooling layer after the export.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check onnxruntime==1.32.0 onnx==1.23.2 numpy==2.4.6
venv/bin/python - <<'PY'
import numpy as np
import onnxruntime
from onnx import checker, helper
from onnx.reference import ReferenceEvaluator

NAN = float("nan")
WINDOWS = {"first": [NAN, 1, 3, 2], "third": [1, 3, NAN, 2], "last": [3, 2, 1, NAN]}


def graph(operator, shape, **attributes):
    node = helper.make_node(operator, ["x"], ["y"], **attributes)
    ends = [helper.make_tensor_value_info("x", 1, shape)], [helper.make_tensor_value_info("y", 1, [None] * len(shape))]
    model = helper.make_model(helper.make_graph([node], "g", *ends), opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    checker.check_model(model, full_check=True)
    return model


def run(model, x):
    x = np.array(x, np.float32)
    return (onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"x": x})[0].ravel(),
            ReferenceEvaluator(model).run(None, {"x": x})[0].ravel())


found = {}
for name, window in WINDOWS.items():
    x = np.reshape(window, (1, 1, 2, 2))
    [here], [reference] = run(graph("MaxPool", x.shape, kernel_shape=[2, 2]), x)
    found[name] = here
    print(f"NaN {name:5}: ONNX Runtime {here:g}, reference of onnx {reference:g}, NumPy {np.max(window):g}")
    assert reference == 3
assert found["first"] == found["third"] == 3 and np.isnan(found["last"])
[relu, *_], _ = run(graph("Relu", (3,)), [NAN, -1, 1])
several, reference = run(graph("MaxPool", (1, 1, 4, 4), kernel_shape=[2, 2], strides=[2, 2]),
                         np.tile(np.reshape(WINDOWS["first"], (1, 1, 2, 2)), (1, 1, 2, 2)))
print(f"Relu(nan): {relu:g}; four windows at stride 2: ONNX Runtime {several.tolist()}, reference {reference.tolist()}")
assert np.isnan(relu) and (several == 3).all() and np.isnan(reference).all()
PY
echo "As described."
