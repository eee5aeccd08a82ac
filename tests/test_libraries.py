"""The same network elsewhere: its twin in PyTorch, files for other programs and back, and what is said where a package is missing."""

import importlib.util
import itertools
import json
import pickle
import re
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from lenet_core import Layer, Net, lenet, ops, reference, train
from lenet_core.initializers import he_uniform
from lenet_lab import cli, networks
from lenet_lab.grade import points
from lenet_lab.libraries import answers, conventions, files, lesson, pytorch, tie_study


def installed(*names):
    return all(importlib.util.find_spec(name) for name in names)


def needs(*names):
    return pytest.mark.skipif(not installed(*names), reason=f"not installed: {', '.join(name for name in names if not installed(name))}")


def without(monkeypatch, *names):
    for name in names:
        monkeypatch.setitem(sys.modules, name, None)


@pytest.fixture
def net(rng):
    """Small, without symmetry: padding, a stride, windows that overlap, a layer with as many inputs as outputs."""
    made = Net((2, 9, 7), [
        Layer("conv1", "conv", (3, 2, 3, 3), stride=2, pad=1),         # (N, 3, 5, 4)
        Layer("pool1", "max_pool", k=2, stride=1),                     # (N, 3, 4, 3)
        Layer("relu1", "relu"),
        Layer("ip1", "inner_product", (36, 36)),
        Layer("ip2", "inner_product", (36, 4)),
    ]).initialise(rng, he_uniform)
    for layer in made.layers:
        layer.params = {name: value + 0.1 if name == "b" else value for name, value in layer.params.items()}
    return made


@pytest.fixture
def images(rng, net):
    return rng.standard_normal((5, *net.input_shape)).astype(np.float32)


# ------------------------------------------------------------------------------------------------------------------- PyTorch


@needs("torch")
@pytest.mark.parametrize("dtype, most", [(np.float32, 1e-5), (np.float64, 1e-12)])
@pytest.mark.parametrize("make", networks.NETWORKS.values(), ids=networks.NETWORKS)
def test_every_activation_and_gradient_of_every_network_is_that_of_pytorch(make, dtype, most, rng):
    net = make(rng, dtype)
    x, y = rng.standard_normal((8, *net.input_shape)).astype(dtype), rng.integers(0, 10, 8)
    rows = pytorch.differences(net, pytorch.twin(net), x, y)
    assert [row[0] for row in rows] == ["x", *(layer.name for layer in net.layers)]
    for name, *numbers in rows:
        assert all(number <= most for number in numbers if number is not None), name
    theirs = pytorch.twin(net)
    assert str(next(theirs.parameters()).dtype) == f"torch.{np.dtype(dtype)}"


@needs("torch")
def test_the_comparison_sees_a_difference(net, images, rng):
    model, y = pytorch.twin(net), rng.integers(0, 4, 5)
    with pytorch.torch_or_none().no_grad():
        model.ip1.weight += 0.01
    rows = {name: numbers for name, *numbers in pytorch.differences(net, model, images, y)}
    assert rows["relu1"][0] < 1e-6 and rows["ip1"][0] > 1e-3 and rows["conv1"][2] > 1e-6


@needs("torch")
def test_ten_steps_with_a_falling_rate_agree_once_the_momentum_has_the_same_form(digits):
    torch = pytorch.torch_or_none()
    x, y = digits.train_x[:8].astype(np.float64), digits.train_y[:8]

    def rate(i):
        return 0.05 * 0.7 ** i

    def theirs(same_form):
        model = pytorch.twin(lenet(np.random.default_rng(0), np.float64))
        optimiser, losses = torch.optim.SGD(model.parameters(), lr=rate(0), momentum=0.9), []
        for i in range(10):
            loss = torch.nn.functional.cross_entropy(model(torch.tensor(x)), torch.tensor(y))
            optimiser.zero_grad()
            loss.backward()
            pytorch.set_rate(optimiser, rate(i), inside=same_form)
            optimiser.step()
            losses.append(loss.item())
        return losses

    net = lenet(np.random.default_rng(0), np.float64)
    ours = [step.loss for step in train(net, itertools.repeat((x, y), 10), rate)]
    np.testing.assert_allclose(theirs(same_form=True), ours, rtol=1e-12)
    assert abs(theirs(same_form=False)[-1] - ours[-1]) > 1e-3


@needs("torch")
def test_layers_that_pytorch_does_not_have_are_named(rng):
    net = Net((1, 4, 4), [Layer("ip1", "inner_product", (16, 3))])
    net.layers[0].kind = "leaky"
    with pytest.raises(ValueError, match="Layer ip1: there is no module of PyTorch for the operation 'leaky'"):
        pytorch.twin(net)


def test_without_pytorch_the_twin_is_refused_with_a_sentence(net, monkeypatch):
    monkeypatch.setattr(pytorch, "torch_or_none", lambda: None)
    with pytest.raises(ImportError, match=r"PyTorch is not installed \(pip install torch"):
        pytorch.twin(net)


def test_parameters_go_under_pytorchs_names_and_come_back(net):
    arrays = pytorch.state(net)
    assert arrays["ip2.weight"].shape == (4, 36) and all(value.flags.c_contiguous for value in arrays.values())
    back = pytorch.parameters({layer.name: layer.kind for layer in net.layers}, arrays)
    for key, value in net.pack()[1].items():
        np.testing.assert_array_equal(back[key], value)


@pytest.mark.parametrize("change, said", [
    (lambda arrays: arrays.pop("ip1.bias"), "There is no parameter ip1.bias; there are: conv1.bias, conv1.weight, ip1.weight, ip2.bias, ip2.weight. "
     "Name the modules as in the Python file"),
    (lambda arrays: arrays.update({"fc.weight": np.ones(3)}), "fc.weight belongs to no layer"),
    (lambda arrays: arrays.update({"ip1.bias": np.ones(36, int)}), "ip1.bias holds int64"),
    (lambda arrays: arrays.update({"ip1.bias": np.ones(36)}), "some of float64"),
])
def test_parameters_that_do_not_fit_are_named(net, change, said):
    arrays = pytorch.state(net)
    change(arrays)
    with pytest.raises(ValueError, match=said):
        pytorch.parameters({layer.name: layer.kind for layer in net.layers}, arrays)


# --------------------------------------------------------------------------------------------------------------------- files


def same_network(a, b):
    assert repr(a) == repr(b)
    for (name, ours), (other, theirs) in zip(a.snapshot().items(), b.snapshot().items(), strict=True):
        assert name == other
        for key in ours:
            np.testing.assert_array_equal(ours[key], theirs[key])


@needs("torch", "safetensors")
@pytest.mark.parametrize("make", [networks.lenet, networks.lenet5], ids=["lenet", "lenet5"])          # all modules of PyTorch that are used
def test_the_python_file_for_pytorch_computes_the_same_scores(make, rng, tmp_path):
    net = make(rng)
    net.save(tmp_path / "net.npz")
    assert cli.main(["export", str(tmp_path / "net.npz"), "--to", "pytorch"]) == 0
    x = rng.standard_normal((3, *net.input_shape)).astype(np.float32)
    np.save(tmp_path / "x.npy", x)
    program = ("import sys, numpy, torch, net; sys.path.pop(); model = net.load(); x = torch.tensor(numpy.load('x.npy'));"
               "numpy.save('scores.npy', model(x).detach().numpy()); net.save(model, 'trained.safetensors')")
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, env={"PYTHONPATH": ":".join([str(tmp_path), *sys.path[1:]])})
    np.testing.assert_allclose(np.load(tmp_path / "scores.npy"), net(x), atol=1e-5)
    same_network(files.read(tmp_path / "trained.safetensors"), net)


@needs("onnx", "onnxruntime")
@pytest.mark.parametrize("make", networks.NETWORKS.values(), ids=networks.NETWORKS)
def test_onnx_runtime_computes_the_same_scores_and_the_network_comes_back(make, rng, tmp_path):
    import onnxruntime
    net = make(rng)
    net.save(tmp_path / "net.npz")
    assert cli.main(["export", str(tmp_path / "net.npz"), "--to", "onnx"]) == 0
    assert cli.main(["export", str(tmp_path / "net.onnx"), "--to", "npz", "--out", str(tmp_path / "back.npz")]) == 0
    x = rng.standard_normal((3, *net.input_shape)).astype(np.float32)
    [scores] = onnxruntime.InferenceSession(tmp_path / "net.onnx").run(None, {"image": x})
    np.testing.assert_allclose(scores, net(x), atol=1e-5)
    back = Net.load(tmp_path / "back.npz")
    np.testing.assert_allclose(back(x), net(x), atol=1e-6)
    assert [layer.name for layer in back.layers] == [layer.name for layer in net.layers]
    if make is not networks.lenet5:                                   # its table of connections comes back as kernels of 0
        same_network(back, net)


@needs("onnx", "onnxruntime")
def test_stride_padding_and_overlap_go_to_onnx_and_back(net, images, tmp_path):
    import onnxruntime
    files.write(net, tmp_path / "net.onnx", "onnx")
    [scores] = onnxruntime.InferenceSession(tmp_path / "net.onnx").run(None, {"image": images})
    np.testing.assert_allclose(scores, net(images), atol=1e-5)
    same_network(files.read(tmp_path / "net.onnx"), net)


@needs("torch", "onnx", "onnxscript")
def test_what_pytorch_exports_is_read(net, images, tmp_path):
    torch = pytorch.torch_or_none()
    model = pytorch.twin(net).eval()
    torch.onnx.export(model, (torch.tensor(images),), str(tmp_path / "net.onnx"))
    back = files.read(tmp_path / "net.onnx")
    np.testing.assert_allclose(back(images), net(images), atol=1e-5)


@needs("torch", "safetensors")
def test_weights_that_pytorch_saved_need_a_network_with_the_same_layers(net, images, tmp_path, capsys):
    from safetensors.torch import save_file
    save_file(pytorch.twin(net).state_dict(), tmp_path / "theirs.safetensors")
    net.save(tmp_path / "net.npz")
    command = ["export", str(tmp_path / "theirs.safetensors"), "--to", "npz"]
    assert cli.main(command) == 1 and "nothing says of which layers" in capsys.readouterr().err
    assert cli.main([*command, "--like", str(tmp_path / "net.npz")]) == 0
    same_network(Net.load(tmp_path / "theirs.npz"), net)


@needs("safetensors")
def test_safetensors_and_back_also_in_float64(rng, tmp_path):
    net = networks.lenet5(rng, np.float64)
    files.write(net, tmp_path / "net.safetensors", "safetensors")
    back = files.read(tmp_path / "net.safetensors")
    same_network(back, net)
    assert back.dtype == np.float64


def test_nothing_is_replaced_without_being_asked(net, tmp_path, capsys):
    net.save(tmp_path / "net.npz")
    before = (tmp_path / "net.npz").read_bytes()
    assert cli.main(["export", str(tmp_path / "net.npz"), "--to", "npz"]) == 1
    assert "net.npz is what the network is read from" in capsys.readouterr().err and (tmp_path / "net.npz").read_bytes() == before
    (tmp_path / "other.npz").write_bytes(b"mine")
    assert cli.main(["export", str(tmp_path / "net.npz"), "--to", "npz", "--out", str(tmp_path / "other.npz")]) == 1
    assert "other.npz is there already" in capsys.readouterr().err and (tmp_path / "other.npz").read_bytes() == b"mine"


@pytest.mark.parametrize("kind, out, said", [
    ("npz", "net.npz", "net.npz is what the network is read from, and is not replaced. Name another file with --out."),
    ("npz", "sub/../net.npz", "is what the network is read from"),
    ("onnx", "net.npz", "has not the ending of the format onnx. Name a file with the ending .onnx."),
    ("onnx", "x.pt", "Name a file with the ending .onnx."), ("safetensors", "x", "Name a file with the ending .safetensors."),
    ("pytorch", "x.safetensors", "Name a file with the ending .py."),
    ("pytorch", "torch.py", "A file torch.py would be imported in place of the package torch, by every program in its folder. Name another file "
     "with --out, as --out net_torch.py."),
    ("pytorch", "random.py", "--out net_random.py"), ("pytorch", "my net.py", "--out net_my_net.py"), ("pytorch", "2nd.py", "--out net_2nd.py"),
    ("pytorch", "class.py", "Python cannot import a file of the name class.py."),
])
def test_a_name_that_would_do_harm_is_refused_even_with_force(kind, out, said, net, tmp_path, capsys):
    (tmp_path / "sub").mkdir()
    net.save(tmp_path / "net.npz")
    before = (tmp_path / "net.npz").read_bytes()
    assert cli.main(["export", str(tmp_path / "net.npz"), "--to", kind, "--out", str(tmp_path / out), "--force"]) == 1
    printed = capsys.readouterr().err
    assert said in printed and len(printed.splitlines()) == 1
    assert (tmp_path / "net.npz").read_bytes() == before and {path.name for path in tmp_path.iterdir()} == {"net.npz", "sub"}


def test_a_file_of_arrays_alone_is_told(tmp_path, capsys):
    np.savez(tmp_path / "arrays.npz", a=np.ones(3))
    assert cli.main(["export", str(tmp_path / "arrays.npz"), "--to", "onnx"]) == 1
    assert "it has no description of layers" in capsys.readouterr().err


@needs("safetensors")
def test_the_way_back_that_the_python_file_and_the_help_name_replaces_nothing(net, tmp_path, monkeypatch, capsys):
    net.save(tmp_path / "net.npz")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["export", "net.npz", "--to", "pytorch"]) == 0
    command, = re.findall(r"`lenet (export [^`]+)` brings", (tmp_path / "net.py").read_text(encoding="utf-8"))
    assert cli.main(command.split()) == 0
    same_network(Net.load(tmp_path / "back.npz"), net)
    with pytest.raises(SystemExit):
        cli.main(["export", "--help"])
    assert "lenet export net.onnx --to npz --out back.npz" in capsys.readouterr().out


class Trap:
    """What a pickle may bring along."""

    def __reduce__(self):
        return exec, ("raise SystemExit('a pickle was read')",)


@pytest.mark.parametrize("name", ["net.pt", "net.pth", "net.pkl", "net.npz", "net.safetensors", "net.onnx"])
def test_no_pickle_is_read(name, tmp_path, capsys):
    path = tmp_path / name
    with zipfile.ZipFile(path, "w") as file:                          # as torch.save writes it
        file.writestr("archive/data.pkl", pickle.dumps(Trap()))
    for one in (path, tmp_path / f"plain{path.suffix}"):
        if one != path:
            one.write_bytes(pickle.dumps(Trap()))
        assert cli.main(["export", str(one), "--to", "npz", "--out", str(tmp_path / "out.npz")]) == 1
        said = capsys.readouterr().err
        assert len(said.splitlines()) == 1 and name.rpartition(".")[2] in said
    assert not (tmp_path / "out.npz").exists()


@pytest.mark.parametrize("name, said", [("net.h5", "a network is read from a .npz, .safetensors or .onnx file"), ("none.npz", "There is no file"),
                                        ("none.onnx", "There is no file|package onnx is missing"),
                                        ("none.safetensors", "There is no file|package safetensors is missing")])
def test_another_file_gets_a_sentence(name, said, tmp_path):
    with pytest.raises((ValueError, OSError, ImportError), match=said):
        files.read(tmp_path / name)


def test_a_missing_package_gets_a_sentence(net, tmp_path, monkeypatch, capsys):
    without(monkeypatch, "onnx", "safetensors", "safetensors.numpy", "torch")
    net.save(tmp_path / "net.npz")
    for kind, extra in (("onnx", "onnx"), ("safetensors", "safetensors"), ("pytorch", "safetensors")):
        assert cli.main(["export", str(tmp_path / "net.npz"), "--to", kind]) == 1
        assert f"The package {extra} is missing: pip install {extra} (or the extra [" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.npz"]


def onnx_of(tmp_path, operators, values=(), shape=("N", 1, 4, 4)):
    """A file with a chain of operators [(type, names of further inputs, attributes)]."""
    import onnx
    nodes, at = [], "in"
    for n, (operator, more, attributes) in enumerate(operators):
        nodes.append(onnx.helper.make_node(operator, [at, *more], [f"t{n}"], f"n{n}", **attributes))
        at = f"t{n}"
    ends = [onnx.helper.make_tensor_value_info("in", 1, shape), onnx.helper.make_tensor_value_info(at, 1, ["a", "b"])]
    arrays = [onnx.numpy_helper.from_array(np.asarray(value, np.float32), name) for name, value in dict(values).items()]
    model = onnx.helper.make_model(onnx.helper.make_graph(nodes, "g", ends[:1], ends[1:], arrays), opset_imports=[onnx.helper.make_opsetid("", 17)])
    onnx.save(model, tmp_path / "theirs.onnx")
    return tmp_path / "theirs.onnx"


ONE = {"W": np.ones((2, 1, 3, 3)), "b": np.ones(2)}


@needs("onnx")
@pytest.mark.parametrize("operators, values, said", [
    ([("Sigmoid", (), {})], {}, "operation Sigmoid is not one of this workbook .node n0.. There are: Conv, "),
    ([("Conv", ("W", "b"), {"dilations": [2, 2]})], ONE, r"Conv has dilations=\[2, 2\]"),
    ([("Conv", ("W", "b"), {"strides": [1, 2]})], ONE, r"Conv has strides=\[1, 2\]"),
    ([("Conv", ("W", "b"), {"pads": [0, 0, 1, 1]})], ONE, r"Conv has pads"),
    ([("Conv", ("W", "b"), {"auto_pad": "SAME_UPPER"})], ONE, "Conv has auto_pad"),
    ([("MaxPool", (), {"kernel_shape": [2, 2], "strides": [2, 2], "ceil_mode": 1})], {}, "MaxPool has ceil_mode=1"),
    ([("MaxPool", (), {"kernel_shape": [2, 3]})], {}, "not square"),
    ([("Tanh", (), {})], {}, "operation Tanh is not one of this workbook"),
    ([("Flatten", (), {}), ("Gemm", ("W",), {"alpha": 2.0})], {"W": np.ones((16, 3))}, "Gemm has alpha"),
    ([("Flatten", (), {}), ("Gemm", ("W",), {})], {"W": np.ones((15, 3))}, "Layer ip1 does not fit"),
])
def test_a_graph_that_is_no_network_of_ours_is_told(operators, values, said, tmp_path):
    with pytest.raises(ValueError, match=said):
        files.read(onnx_of(tmp_path, operators, values))


@needs("onnx")
def test_a_graph_of_another_program_is_read(rng, tmp_path):
    values = {"W": rng.standard_normal((2, 1, 3, 3)), "M": rng.standard_normal((3, 2)), "b": rng.standard_normal((1, 3)),
              "N": rng.standard_normal((3, 3))}
    path = onnx_of(tmp_path, [("Conv", ("W",), {"pads": [0] * 4}), ("MaxPool", (), {"kernel_shape": [2, 2], "strides": [2, 2]}), ("Relu", (), {}),
                              ("Identity", (), {}), ("Flatten", (), {}), ("Gemm", ("M", "b"), {"transB": 1}), ("MatMul", ("N",), {}),
                              ("Add", ("b",), {})], values)
    net = files.read(path)
    assert [layer.name for layer in net.layers] == ["conv1", "pool1", "relu1", "ip1", "ip2"] and net.dtype == np.float32
    from onnx import reference
    x = rng.standard_normal((2, 1, 4, 4)).astype(np.float32)
    [scores] = reference.ReferenceEvaluator(str(path)).run(None, {"in": x})
    np.testing.assert_allclose(net(x), scores, atol=1e-5)


@needs("onnx")
@pytest.mark.parametrize("shape", [("N", 1, "H", 4), ("N", 16), (2, 3, 4, 5, 6)])
def test_images_of_an_unknown_size_are_told(shape, tmp_path):
    with pytest.raises(ValueError, match="with fixed numbers is needed"):
        files.read(onnx_of(tmp_path, [("Relu", (), {})], shape=shape))


@needs("safetensors")
@pytest.mark.parametrize("change, said", [
    (lambda about: about["layers"][0].update(kind="dropout"), "there is no kind 'dropout'"),
    (lambda about: about.update(input_shape=[2, 9, 10 ** 9]), "too large"),
    (lambda about: about.pop("layers"), "damaged"),
    (lambda about: about["layers"].pop(), "belongs to no layer"),
    (lambda about: about["layers"].append(5), "damaged"),
])
def test_a_description_that_does_not_fit_gets_a_sentence(net, change, said, tmp_path):
    from safetensors.numpy import save_file
    about = net.pack()[0]
    change(about)
    save_file(pytorch.state(net), tmp_path / "net.safetensors", {"lenet": json.dumps(about)})
    with pytest.raises(ValueError, match=said):
        files.read(tmp_path / "net.safetensors")


@needs("safetensors")
def test_a_layers_name_cannot_bring_code_into_the_python_file(tmp_path):
    net = Net((1, 2, 2), [Layer("ip1'); print('here", "inner_product", (4, 2))])
    with pytest.raises(ValueError, match="cannot have this name"):
        files.write(net, tmp_path / "net.py", "pytorch")
    assert not [*tmp_path.iterdir()]


# ------------------------------------------------------------------------------------------------------ notebook 12 without PyTorch

LESSON = json.loads(lesson.NOTEBOOK.read_text(encoding="utf-8"))
TAKEN_OUT = json.loads(lesson.OUTPUTS.read_text(encoding="utf-8"))


def test_what_is_stored_is_what_the_notebook_printed_with_pytorch():
    kept = json.loads(lesson.STORE.read_text(encoding="utf-8"))
    assert lesson.store(LESSON, TAKEN_OUT, kept["version"], kept["date"]) == kept and len(kept["cells"]) > 10


def test_every_cell_that_needs_pytorch_shows_its_stored_result_without(monkeypatch, capsys):
    monkeypatch.setattr(lesson, "torch_or_none", lambda: None)
    assert lesson.pytorch() is None
    said = capsys.readouterr().out
    assert said.startswith(pytorch.MISSING) and "with PyTorch 2.13.0 on 2026-11-30" in said
    names = [name for cell in LESSON["cells"] for name in re.findall(r'lesson\.stored\("(\w+)"\)', "".join(cell["source"]))]
    assert len(names) == len({*names})
    for name in names:
        assert lesson.stored(name) is ...
        first, rest = capsys.readouterr().out.split("\n", 1)
        assert first == "(PyTorch is not installed; this is stored, from PyTorch 2.13.0.)" and rest.strip()


def test_cells_with_numbers_of_pytorch_are_tagged():
    """Without PyTorch they print one line more, so they are not compared then (`conftest.missing`)."""
    for cell in LESSON["cells"]:
        tags = cell["metadata"].get("tags", [])
        if "lesson.stored(" in "".join(cell["source"]) and "nbval-check-output" in tags:
            assert "pytorch" in tags


def test_a_notebook_that_ran_without_pytorch_is_not_stored():
    changed = json.loads(json.dumps(LESSON))
    for cell in changed["cells"]:
        if "lesson.stored(" in "".join(cell["source"]):
            cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": ["(PyTorch is not installed; this is stored.)\n"]}]
    with pytest.raises(ValueError, match="has no output of PyTorch"):
        lesson.store(changed, {}, "2.13.0", "2026-11-30")


def test_the_exercises_of_notebook_12_need_pytorch_and_have_no_points():
    asked = {cell["metadata"]["lenet"]["exercise"] for cell in LESSON["cells"] if "lenet" in cell["metadata"]}
    assert asked == {"torch_forward", "torch_relu", "torch_train"} and not asked & {*points.GRADED, *points.PRACTICE}


# ------------------------------------------------------------------------------------------------------ where the libraries part ways


def test_every_answer_has_its_versions_and_its_date():
    kept = conventions.stored()
    assert kept.keys() == answers.LIBRARIES.keys()
    for key, entries in kept.items():
        assert entries.keys() <= conventions.QUESTIONS.keys() and len(entries) >= 15, key
        for entry in entries.values():
            assert re.fullmatch(r"\w+ [\d.]+(, \w+ [\d.]+)*", entry["versions"]) and re.fullmatch(r"\d{4}-\d\d-\d\d", entry["date"])


def test_the_page_shows_what_is_stored_and_what_this_workbook_answers_now():
    page = conventions.PAGE.read_text(encoding="utf-8")
    ties = tie_study.table(json.loads(tie_study.STORE.read_text(encoding="utf-8")))
    assert conventions.page_with({**conventions.tables(), "ties": ties}, page) == page
    assert "be written" not in page


def test_this_workbooks_own_answers():
    own = {name: entry["answer"] for name, entry in conventions.answers_of_workbook().items()}
    assert own["pooling_tie"] == "the first" and own["pooling_overlap"] == "[1 1 0; 1 1 0; 0 0 0]"
    assert {own[name] for name in ("nan_first", "nan_last", "nan_middle")} == {"NaN; the NaN is paid"}
    assert own["momentum"] == "inside" and own["label_10"] == own["label_minus_1"] == "ValueError" and own["argmax"] == "the NaN"


class Odd(answers.Workbook):
    """A library with other conventions, to see that the words tell them apart."""

    def pooling(self, x):
        out = np.full((x.shape[0] - 1, x.shape[1] - 1), np.nanmax(x))
        return out, np.full_like(x, np.nan) if np.isnan(x).any() else np.full_like(x, out.size / x.size)

    def losses(self):
        return {"a": lambda scores, label: (0.0, np.zeros(10)), "b": lambda scores, label: (np.nan, np.ones(10))}

    def descent(self, rates):
        return -1.19

    def argmax(self, x):
        return len(x)


def test_other_conventions_get_other_words():
    found = {name: entry["answer"] for name, entry in conventions.answers_of(Odd()).items()}
    assert found["pooling_tie"] == "each a quarter" and found["nan_first"] == "3; all NaN" and found["momentum"] == "outside"
    assert found["label_10"] == "a: loss 0, no gradient; b: loss nan, finite gradient" and found["argmax"] == "one past the end"


@needs("torch")
def test_pytorch_answers_what_is_stored():
    kept = {name: entry["answer"] for name, entry in conventions.stored()["pytorch"].items() if entry["versions"] == answers.versions("torch")}
    if not kept:
        pytest.skip("another version of PyTorch than the stored one")
    now = {name: entry["answer"] for name, entry in conventions.answers_of(answers.PyTorch(), "pytorch").items()}
    assert now == kept


def test_a_library_that_is_not_installed_is_shown_as_it_is_stored(monkeypatch):
    monkeypatch.setattr(conventions, "asked_now", dict)
    monkeypatch.setattr(conventions, "installed", lambda key: False)
    shown = conventions.show("momentum").data
    assert "| this workbook | inside | asked now |" in shown and "| PyTorch | outside | stored on 2026-11-30, torch 2.13.0 |" in shown
    monkeypatch.setattr(conventions, "asked_now", lambda: {"pytorch": {"momentum": {"answer": "inside", "versions": "torch 9.9"}}})
    assert "| PyTorch | inside | asked now, torch 9.9 |" in conventions.show("momentum").data
    monkeypatch.setattr(conventions, "asked_now", dict)
    monkeypatch.setattr(conventions, "installed", lambda key: key == "pytorch")
    shown = conventions.show("momentum").data
    assert shown.count("installed here, but gave no answer in 60 s") == 1
    assert "| PyTorch | outside | stored on 2026-11-30, torch 2.13.0 (installed here, but gave no answer in 60 s) |" in shown
    with pytest.raises(ValueError, match="There is no question 'momenta'; there are: pooling_tie, "):
        conventions.show("momenta")


@pytest.mark.parametrize("name, there, said", [
    ("torch", True, "There is no library 'torch'; there are: pytorch, jax, tensorflow, mlx, tinygrad."),
    ("jax", False, "JAX is not installed, or a package that its answers need: "),
])
def test_a_library_that_cannot_be_asked_gets_a_sentence(name, there, said, monkeypatch):
    monkeypatch.setattr(conventions, "installed", lambda key: there)
    with pytest.raises(SystemExit, match=re.escape(said)):
        conventions.main([name])


def test_a_library_that_fails_is_left_out():
    assert conventions.asked(["no such library"]) == {}


# --------------------------------------------------------------------------------------------------------------------- ties


def test_the_conventions_of_the_study_are_what_they_are_called(rng):
    x = rng.integers(0, 3, (3, 2, 6, 4)).astype(np.float64)
    out, cache = ops.max_pool_forward(x, 2)
    dout, paid = rng.standard_normal(out.shape), {}
    for name, (_, backward) in tie_study.CONVENTIONS.items():
        paid[name] = backward(dout, cache)
    np.testing.assert_array_equal(paid["first"], reference.max_pool_backward(dout, x, 2))
    np.testing.assert_array_equal(paid["last"], reference.max_pool_backward(dout[..., ::-1, ::-1], x[..., ::-1, ::-1], 2)[..., ::-1, ::-1])
    for name in ("last", "share"):
        np.testing.assert_allclose(paid[name].sum(), dout.sum(), atol=1e-12)
    assert not np.array_equal(paid["last"], paid["first"])
    won = x == out.repeat(2, axis=2).repeat(2, axis=3)
    np.testing.assert_array_equal(paid["all"], won * dout.repeat(2, axis=2).repeat(2, axis=3))


def test_what_the_page_says_of_the_study():
    kept = json.loads(tie_study.STORE.read_text(encoding="utf-8"))
    assert [run["seed"] for run in kept["runs"]] == [*tie_study.SEEDS] and round(100 * kept["tied"]) == 40
    firsts = [run["errors"]["first"] for run in kept["runs"]]
    assert (min(firsts), max(firsts)) == (0.0392, 0.0528)                       # "between 3.9 and 5.3 % from seed to seed"
    intervals = re.findall(r"\| (-\d+) to (\+\d+) \|", tie_study.table(kept))
    assert len(intervals) == 3 and all(int(low) < 0 < int(high) for low, high in intervals)
    for run in kept["runs"][:2]:
        three = [run["errors"][name] for name in ("first", "last", "share")]
        assert max(three) - min(three) <= 0.00021
