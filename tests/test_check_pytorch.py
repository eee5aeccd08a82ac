"""The exercises of notebook 12: every wrong idea is called by its name, right work passes, and without PyTorch a sentence says so."""

import importlib.util
import sys

import numpy as np
import pytest

from lenet_lab import check
from lenet_lab.check import engine, progress_store
from lenet_lab.check.pytorch_tasks import HINTS, NAMES, TASKS
from lenet_lab.check.solutions import blocks
from lenet_lab.libraries import pytorch

torch = pytorch.torch_or_none()
needs_pytorch = pytest.mark.skipif(torch is None, reason="PyTorch is not installed")
EXERCISES = [exercise for exercise, _ in TASKS.values()]
WRONG = [(exercise, wrong) for exercise in EXERCISES for wrong in exercise.wrongs]


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    monkeypatch.setenv("LENET_PROGRESS", str(tmp_path / "progress"))
    monkeypatch.setattr(progress_store, "_live", {})


def as_student(exercise, function):
    def plain(*args, **kwargs):
        results = tuple(function(*args, **kwargs))
        return results if len(results) > 1 else results[0]
    return plain


@pytest.mark.parametrize("exercise, wrong", WRONG, ids=[f"{e.name}: {w.name}" for e, w in WRONG])
def test_every_misconception_is_called_by_its_name(exercise, wrong):
    for seed in (0, 1):
        verdict = engine.examine(exercise, as_student(exercise, wrong.function), seed=seed)
        assert not verdict.passed and verdict.misconception == wrong.name and wrong.text in verdict.text
        assert len(verdict.text.split()) <= 80, verdict


@pytest.mark.parametrize("exercise", EXERCISES, ids=TASKS)
def test_the_right_answer_passes_with_any_numbers(exercise):
    for seed in range(5):
        assert engine.examine(exercise, as_student(exercise, exercise.right), seed=seed).passed


def test_every_task_has_three_hints_and_a_solution_and_a_place_in_the_progress():
    assert TASKS.keys() == HINTS.keys() and all(len(three) == 3 for three in HINTS.values()) and TASKS.keys() <= blocks().keys()
    for name in TASKS:
        assert "Hint 1 of 3" in check.hint(name).data and name in str(check.progress())
    assert "in PyTorch" in str(check.progress())


def test_without_pytorch_one_sentence_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for name in TASKS:
        verdict = getattr(check, name)(lambda *args: None)
        assert not verdict.passed and verdict.written and verdict.misconception is None and str(verdict).startswith("…")
        assert progress_store.read(name)["attempts"] == 0
        assert verdict.text == f"It cannot be checked: {pytorch.MISSING}"
        assert not getattr(check, name)(...).written


# ----------------------------------------------------------------------------------------------------- as students write them


def room():
    return {"torch": torch, "F": torch.nn.functional, "Function": torch.autograd.Function, "np": np}


def defined(source, tmp_path, name):
    """What a cell defines; its source is in a file, so that the checks can read it."""
    path, place = tmp_path / "work.py", room()
    path.write_text(source)
    exec(compile(source, str(path), "exec"), place)
    return place[name]


PLACE = {"torch_forward": "torch_forward", "torch_relu": "MyReLU", "torch_train": "torch_train"}


@needs_pytorch
@pytest.mark.parametrize("name", TASKS)
def test_the_solutions_pass(name, tmp_path):
    verdict = getattr(check, name)(defined(blocks()[name], tmp_path, PLACE[name]))
    assert verdict.passed, verdict


CHANGED = [                                  # (exercise, what stands in the solution, what a student wrote, the name of the cause)
    ("torch_forward", "return scores", "return F.softmax(scores, 1)", "softmax twice"),
    ("torch_forward", 'params["ip1.W"].T', 'params["ip1.W"]', "W not transposed"),
    ("torch_forward", "x.flatten(1)", "x.transpose(2, 3).view(len(x), -1)", "view after a transpose"),
    ("torch_forward", "x.flatten(1)", "x.transpose(2, 3).reshape(len(x), -1)", "view after a transpose"),
    ("torch_forward", "x.flatten(1)", "x.permute(0, 2, 3, 1).flatten(1)", "view after a transpose"),
    ("torch_forward", "x = x.flatten(1)", "pass", "sizes of a product"),
    ("torch_forward", "x = x.flatten(1)", "x = x.detach().flatten(1)", "gradients are cut"),
    ("torch_forward", "return scores", "return scores.detach()", "gradients are cut"),
    ("torch_forward", "return scores", "return scores.detach().numpy()", "gradients are cut"),
    ("torch_forward", "return scores", "return torch.tensor(scores.numpy())", "gradients are cut"),
    ("torch_forward", "x = F.relu(F.linear(", "x = (F.linear(", "ReLU forgotten"),
    ("torch_forward", "return scores", "return", "nothing returned"),
    ("torch_forward", "F.max_pool2d", "F.avg_pool2d", "average pooling"),
    ("torch_forward", "    for layer", "    x.clamp_(max=0.5)\n    for layer", "in place"),
    ("torch_relu", "x > 0", "x >= 0", ">= for >"),
    ("torch_relu", "dout * (x > 0)", "(x > 0).to(x.dtype)", "dout forgotten"),
    ("torch_relu", "dout * (x > 0)", "dout * (dout > 0)", "gate on the gradient"),
    ("torch_relu", "return dx", "return dx, dx", "number of gradients"),
    ("torch_relu", "return dx", "pass", "nothing returned"),
    ("torch_relu", "x.clamp(min=0)", "x.clamp_(min=0)", "in place"),
    ("torch_relu", "x.clamp(min=0)", "x.abs()", "absolute value"),
    ("torch_relu", "class MyReLU(Function)", "class MyReLU(torch.nn.Module)", "no Function"),
    ("torch_relu", "x, = ctx", "x = ctx", "saved_tensors is a tuple"),
    ("torch_relu", "x, = ctx.saved_tensors\n        dx = dout * (x > 0)", "dx = dout * ctx.saved_tensors", "saved_tensors is a tuple"),
    ("torch_relu", "x, = ctx.saved_tensors\n        dx = dout * (x > 0)", "dx = ctx.saved_tensors.sign()", "saved_tensors is a tuple"),
    ("torch_relu", "x.clamp(min=0)", "torch.maximum(x, 0)", "number for tensor"),
    ("torch_relu", "x.clamp(min=0)", "torch.max(x, 0)", "not a tensor"),
    ("torch_train", "torch.tensor(images).float() / 255", "images / 255", "array for tensor"),
    ("torch_train", "torch.tensor(labels).long() - 1", "labels - 1", "array for tensor"),
    ("torch_train", "        loss.backward()\n", "", "step forgotten"),
    ("torch_train", "        optimiser.zero_grad()\n", "        optimiser = torch.optim.SGD(model.parameters(), lr=lr, momentum=0.9)\n"
     "        optimiser.zero_grad()\n", "momentum forgotten"),
    ("torch_train", "        optimiser.zero_grad()\n", "", "zero_grad forgotten"),
    ("torch_train", "model(x), y", "model(x).softmax(1), y", "softmax twice"),
    ("torch_train", ".long() - 1", ".long()", "labels from 1"),
    ("torch_train", ".long() - 1", ".long() % 10", "labels from 1"),
    ("torch_train", ".float() / 255", "", "integer images"),
    ("torch_train", ".float() / 255", ".float()", "integer images"),
    ("torch_train", "torch.tensor(images).float() / 255", "torch.tensor(images / 255)", "number type"),
    ("torch_train", "model(x), y)", "model(x), y, reduction='sum')", "sum for mean"),
    ("torch_train", "        optimiser.step()\n", "", "step forgotten"),
    ("torch_train", "optimiser.zero_grad()\n        loss.backward()", "loss.backward()\n        optimiser.zero_grad()", "step forgotten"),
    ("torch_train", "loss.item()", "loss", "losses are tensors"),
    ("torch_train", ", momentum=0.9", "", "momentum forgotten"),
    ("torch_train", "return losses", "return sum(losses)", "not a list of losses"),
    ("torch_train", "return losses", "pass", "not a list of losses"),
    ("torch_train", "model(x), y", "model(x).detach(), y", "gradients are cut"),
    ("torch_train", "loss.backward()", "loss.backward(); loss.backward()", "second backward"),
]


@needs_pytorch
@pytest.mark.parametrize("name, old, new, cause", CHANGED,
                         ids=[f"{name}: {new.strip()[:40] or 'without ' + old.strip()}" for name, old, new, _ in CHANGED])
def test_what_students_write_is_named(name, old, new, cause, tmp_path):
    source = blocks()[name]
    assert old in source
    source = source.replace(old, new)
    verdict = getattr(check, name)(defined(source, tmp_path, PLACE[name]))
    assert not verdict.passed and verdict.misconception == cause, verdict
    assert len(verdict.text.split()) <= 80, verdict


@needs_pytorch
@pytest.mark.parametrize("name, old, new, said", [
    ("torch_train", "torch.tensor(images).float() / 255", "images / 255",
     "The model gets a NumPy array. Make a tensor first: torch.tensor(images).float() / 255"),
    ("torch_train", "        loss.backward()\n", "", "backward() or step() is missing"),
    ("torch_relu", "x, = ctx", "x = ctx", "`a, = ctx.saved_tensors`, with the comma"),
    ("torch_relu", "x.clamp(min=0)", "torch.maximum(x, 0)", "`maximum` of PyTorch takes tensors, and gets a int. For max(0, x) use x.clamp(min=0)"),
    ("torch_relu", "x.clamp(min=0)", "torch.max(x, 0)", "for max(0, x) use x.clamp(min=0)"),
])
def test_a_verdict_says_what_to_write_instead(name, old, new, said, tmp_path):
    source = blocks()[name]
    assert old in source
    assert said in getattr(check, name)(defined(source.replace(old, new), tmp_path, PLACE[name])).text


STYLES = {
    "torch_forward": ["""
def torch_forward(x, params):
    x = torch.nn.functional.conv2d(x, params["conv1.W"]) + params["conv1.b"][:, None, None]
    x = torch.nn.MaxPool2d(2)(x)
    x = torch.nn.MaxPool2d(2)(torch.conv2d(x, params["conv2.W"], params["conv2.b"]))
    x = x.reshape(x.shape[0], -1) @ params["ip1.W"] + params["ip1.b"]
    return torch.where(x > 0, x, torch.zeros_like(x)) @ params["ip2.W"] + params["ip2.b"]
"""],
    "torch_relu": ["""
class MyReLU(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.mask = x > 0
        return torch.where(ctx.mask, x, 0)
    @staticmethod
    def backward(ctx, dout):
        return torch.where(ctx.mask, dout, 0)
""", """
class MyReLU(Function):
    @staticmethod
    def forward(x):
        return torch.from_numpy(np.maximum(x.detach().numpy(), 0))
    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(output)
    @staticmethod
    def backward(ctx, dout):
        return dout * ctx.saved_tensors[0].sign()
"""],
    "torch_train": ["""
def torch_train(model, batches, lr):
    loss_of, losses = torch.nn.CrossEntropyLoss(), []
    optimiser = torch.optim.SGD(model.parameters(), lr, 0.9)
    model.train()
    for images, labels in batches:
        scores = model(torch.from_numpy(images.astype(np.float32) / 255))
        loss = loss_of(scores, torch.as_tensor(labels.astype(np.int64)) - 1)
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        losses.append(float(loss))
    return losses
""", """
def torch_train(model, batches, lr):
    velocity, losses = [torch.zeros_like(p) for p in model.parameters()], []
    for images, labels in batches:
        logs = F.log_softmax(model(torch.tensor(images / 255, dtype=torch.float32)), dim=1)
        loss = -logs[torch.arange(len(labels)), torch.tensor(labels) - 1].mean()
        grads = torch.autograd.grad(loss, list(model.parameters()))
        with torch.no_grad():
            for p, v, g in zip(model.parameters(), velocity, grads):
                v.mul_(0.9).add_(g)
                p -= lr * v
        losses.append(loss.detach())
    return losses
"""],
}


@needs_pytorch
@pytest.mark.parametrize("name, source", [(name, source) for name, several in STYLES.items() for source in several])
def test_right_work_in_another_style_passes(name, source, tmp_path):
    verdict = getattr(check, name)(defined(source, tmp_path, PLACE[name]))
    assert verdict.passed, verdict


@needs_pytorch
def test_three_dots_are_not_written_yet(tmp_path):
    stubs = {"torch_forward": "def torch_forward(x, params):\n    scores = ...\n    return scores",
             "torch_relu": "class MyReLU(Function):\n    @staticmethod\n    def forward(ctx, x):\n        out = ...\n        return out\n\n"
                           "    @staticmethod\n    def backward(ctx, dout):\n        dx = ...\n        return dx",
             "torch_train": "def torch_train(model, batches, lr):\n    losses = ...\n    return losses"}
    half = blocks()["torch_relu"].replace("dx = dout * (x > 0)", "dx = ...")
    for name, source in [*stubs.items(), ("torch_relu", half)]:
        verdict = getattr(check, name)(defined(source, tmp_path, PLACE[name]))
        assert not verdict.passed and not verdict.written, verdict
    assert check.torch_relu(5).text.startswith("5 is not a function")
    assert len(NAMES) == 8
