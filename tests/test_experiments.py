"""The experiments: one training as a function of settings, the grid that can be stopped and gone on with, the tables."""

import json
from itertools import islice

import numpy as np
import pytest

from lenet_core import data
from lenet_core.training import minibatches, sgd_momentum, train
from lenet_lab import networks
from lenet_lab.experiments import grid, learn, table
from lenet_lab.experiments.grid import Trial, do_missing, records
from lenet_lab.experiments.studies import STUDIES, runs
from lenet_lab.experiments.terminal import main
from lenet_lab.runs.diagnostics import measure


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pictures of noise that stand for MNIST and CIFAR-10: enough to see that everything runs."""
    folder, rng = tmp_path_factory.mktemp("data"), np.random.default_rng(0)
    train, test = ((rng.random((n, 1, 28, 28), dtype=np.float32), np.arange(n) % 10) for n in (120, 60))
    data.write_shared(data.Dataset("MNIST", *train, *test), folder / "mnist")
    for name, n in (("data_batch_1.bin", 60), ("test_batch.bin", 30)):
        (folder / name).write_bytes(b"".join(bytes([i % 10]) + rng.bytes(3072) for i in range(n)))
    return str(folder)


def small(seed=0, **settings):
    folder = settings.pop("folder", None)
    return learn.learn(learn.Settings(**{"network": "cmpe597", "steps": 6, "batch_size": 16, "lr": 0.01, **settings}), seed, folder)


# ------------------------------------------------------------------------------------------------------------ one training


def test_same_seed_same_numbers(folder):
    settings = {"folder": folder, "move": 1, "mirror": True, "warp": {"turn": 5.0}, "average": 0.9, "centred": True}
    assert small(**settings) == small(**settings)
    assert small(**settings)["loss"] != small(seed=1, **settings)["loss"]


@pytest.mark.parametrize("summed", [False, True])
def test_a_training_written_out(folder, summed):
    """Two steps by hand: the gradient of a summed loss is 16 times that of the mean, for a batch of 16."""
    data, rng = learn.pictures("mnist", folder), np.random.default_rng(3)
    net, velocity, losses = networks.cmpe597(rng), {}, []
    batches = minibatches(data.train_x, data.train_y, 16, rng)
    for x, y in (next(batches), next(batches)):
        losses.append(net.loss(x, y)[0])
        for layer in net.layers:
            for name, p in layer.params.items():
                v, gradient = velocity.get((layer.name, name), np.zeros_like(p)), layer.grads[name] * (16 if summed else 1)
                layer.params[name], velocity[layer.name, name] = sgd_momentum(p, v, gradient, 0.001, 0.9)
    made = learn.learn(learn.Settings("cmpe597", steps=2, batch_size=16, lr=0.001, summed=summed), 3, folder)
    assert made["loss"] == pytest.approx(np.mean(losses), rel=1e-6)
    assert made["accuracy"] == pytest.approx(np.mean(net.predict(data.test_x) == data.test_y), abs=1e-6)


def test_as_many_of_each_class_as_asked_for(folder):
    data = learn.pictures("mnist", folder)
    x, y = learn._chosen(data, None, 5)
    assert (np.bincount(y) == 5).all()
    assert all(any((image == other).all() for other in data.train_x) for image in x)


def test_outcomes(folder, monkeypatch):
    assert small(folder=folder, first_weights=1.0, lr=10.0, steps=30)["outcome"] == "diverged"
    assert small(folder=folder, first_weights=0.0, steps=60)["outcome"] == "dead"             # no weight, no gradient
    stuck = small(folder=folder, lr=1e-9)
    assert stuck["outcome"] == "stuck" and stuck["steps"] == 6 and stuck["parameters"] == 18_714
    monkeypatch.setattr(learn, "LEARNED", 0.0)
    assert small(folder=folder)["outcome"] == "learned"


def test_a_run_that_stands_still_begins_again_with_new_weights(folder):
    again = small(folder=folder, lr=1e-9, steps=50, restart_after=20)
    assert again["restarts"] == 2
    assert small(folder=folder, lr=1e-9, steps=50)["restarts"] == 0
    dead = small(folder=folder, first_weights=0, steps=60, restart_after=25)
    assert (dead["outcome"], dead["steps"], dead["restarts"]) == ("stuck", 60, 2)


def test_a_run_can_end_at_a_loss_and_note_errors_on_the_way(folder):
    short = small(folder=folder, steps=400, lr=0.01, until_loss=1.0, per_class=2)
    assert short["loss"] < 1.0 and short["steps"] < 400
    curve = small(folder=folder, epochs=3, steps=None, errors_every=1)["curve"]
    assert [epoch for epoch, *_ in curve] == [1, 2, 3]


def test_the_running_mean_lags_behind(folder):
    still, without = small(folder=folder, average=1.0), small(folder=folder)     # all weight on the past: the first parameters are tested
    assert still["accuracy of the last weights"] == without["accuracy"] != still["accuracy"]
    assert "accuracy of the last weights" not in without
    net = networks.cmpe597(np.random.default_rng(0))
    data = learn.pictures("mnist", folder)
    assert still["accuracy"] == pytest.approx(np.mean(net.predict(data.test_x) == data.test_y), abs=1e-6)
    was, now = {"ip1": {"b": np.array([0.0, 8.0])}}, {"ip1": {"b": np.array([4.0, 0.0])}}
    assert learn._moving_average(was, now, 0.75)["ip1"]["b"].tolist() == [1.0, 6.0]


def test_what_is_inside(folder):
    seen = small(folder=folder, data="cifar10", network="fman45", input_shape=[3, 32, 32], inside=True)
    assert np.sum(seen["confusion"]) == 30
    assert len(seen["mistakes"]) == min(24, 30 - np.trace(seen["confusion"]))
    assert np.shape(seen["kernels"]) == (16, 3, 5, 5)
    assert json.loads(json.dumps(seen)) == seen


# ---------------------------------------------------------------------------------------------------------------- the grid


def test_every_case_runs_and_stands_in_the_tables(folder, tmp_path):
    record = tmp_path / "runs.jsonl"
    assert main(["--smoke", "--data", folder, "--record", str(record)]) == 0
    done = records(record).values()
    assert {(one["study"], one["case"]) for one in done} == {(name, case.name) for name, cases in STUDIES.items() for case in cases}
    assert not [one["message"] for one in done if one["outcome"] == "error"]
    text = (tmp_path / "table.md").read_text()
    for cases in STUDIES.values():
        for case in cases:
            assert f"| {case.name} " in text and (not case.row or f"| {case.row} " in text)
    assert len((tmp_path / "table.csv").read_text().splitlines()) == 1 + len(done)


@pytest.fixture
def three(folder):
    together, _ = runs(["cmpe597"], smoke=True)
    return together[:3]


def test_a_stopped_grid_goes_on_where_it_was(folder, three, tmp_path):
    record = tmp_path / "runs.jsonl"
    do_missing(three[:2], record, folder, jobs=1)
    before = record.read_text()
    record.write_text(before + '{"study": "cmpe597", "ca')              # killed while it wrote
    whole = do_missing(three, record, folder, jobs=1)
    assert [Trial(one["study"], one["case"], one["settings"], one["seed"]) for one in whole] == three
    lines = record.read_text().splitlines()
    assert len(lines) == 4 and lines[:2] == before.splitlines()         # two, the torso, and the third: the two were not done again
    assert len(records(record)) == 3


def test_a_run_that_raises_is_a_row_too_and_is_tried_again(folder, three, tmp_path, monkeypatch):
    bad = Trial("cmpe597", "no such network", {"network": "cmpe598", "steps": 1}, 0)
    first, second = do_missing([bad, three[0]], tmp_path / "runs.jsonl", folder, jobs=1)
    assert first["outcome"] == "error" and "cmpe598" in first["message"]
    assert second["outcome"] != "error"
    monkeypatch.setitem(networks.NETWORKS, "cmpe598", networks.cmpe597)
    again, same = do_missing([bad, three[0]], tmp_path / "runs.jsonl", folder, jobs=1)
    assert again["outcome"] == "stuck" and same == second


def test_a_worker_without_mnist_does_not_train_on_other_digits(three, tmp_path, monkeypatch):
    monkeypatch.setattr(grid, "pictures", lambda name, folder: data.digits())
    record, = do_missing(three[:1], tmp_path / "runs.jsonl", jobs=1)
    assert record["outcome"] == "error" and "need MNIST" in record["message"]


def test_again_leaves_the_old_record_alone_until_all_is_done(folder, tmp_path, monkeypatch, capsys):
    record = tmp_path / "runs.jsonl"
    command = ["fman45", "lenet5", "--smoke", "--data", folder, "--record", str(record), "--jobs", "1"]
    assert main(command) == 0
    old = record.read_text()

    def stopped(run, folder):
        if run.study == "lenet5":
            raise KeyboardInterrupt
        return perform(run, folder)

    perform = grid.perform
    with monkeypatch.context() as patch:
        patch.setattr(grid, "perform", stopped)
        assert main([*command, "--again"]) == 130
    assert "continues with the missing runs" in capsys.readouterr().err
    assert record.read_text() == old and len(records(tmp_path / "again.jsonl")) == 1
    done = []
    with monkeypatch.context() as patch:
        patch.setattr(grid, "perform", lambda run, folder: done.append(run.study) or perform(run, folder))
        assert main([*command, "--again"]) == 0
    assert done == ["lenet5"]                                           # what was done before the stop was not done again
    new = records(record).values()
    assert {one["study"] for one in new} == {"fman45", "lenet5"} and not (tmp_path / "again.jsonl").exists()
    assert record.read_text() != old                                    # other times, at least
    assert main(["lenet5", *command[2:], "--again"]) == 0               # one study anew: the other one's runs stay
    assert [one for one in records(record).values() if one["study"] == "fman45"] == [one for one in new if one["study"] == "fman45"]


def test_failed_runs_are_told_of(folder, tmp_path, monkeypatch, capsys):
    monkeypatch.delitem(networks.NETWORKS, "lenet5")
    assert main(["lenet5", "--smoke", "--data", folder, "--record", str(tmp_path / "runs.jsonl"), "--jobs", "1"]) == 1
    assert "1 of 1 runs failed" in capsys.readouterr().err


def test_the_same_grid_on_a_dask_cluster(folder, three, tmp_path):
    distributed = pytest.importorskip("distributed", reason="dask.distributed is not installed")
    here = do_missing(three, tmp_path / "here.jsonl", folder, jobs=1)
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster:
        assert len(cluster.scheduler_info["workers"]) == 2
        there = do_missing(three, tmp_path / "there.jsonl", folder, cluster=cluster.scheduler_address)
    for one in (*here, *there):
        del one["seconds"]
    assert there == here


def test_bad_arguments_get_a_sentence(capsys, tmp_path, monkeypatch):
    with pytest.raises(SystemExit):
        main(["lenet6"])
    assert "there is no study 'lenet6'; there are: homework" in capsys.readouterr().err
    assert main(["homework", "--data", str(tmp_path / "nowhere"), "--record", str(tmp_path / "runs.jsonl")]) == 1
    assert "nowhere" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["homework", "--jobs", "0"])
    assert "--jobs must be 1 or greater, and is 0." in capsys.readouterr().err
    monkeypatch.setattr("lenet_lab.experiments.terminal.load_mnist", lambda folder: data.digits())
    assert main(["homework", "--record", str(tmp_path / "runs.jsonl")]) == 1
    assert "need MNIST" in capsys.readouterr().err
    assert not (tmp_path / "runs.jsonl").exists()


# --------------------------------------------------------------------------------------------------------------- the tables


def test_the_mean_is_over_the_runs_that_learned(folder, tmp_path):
    case, = STUDIES["fman45"]
    together, _ = runs(["fman45"])
    outcomes = [("learned", 0.9), ("learned", 0.8), ("dead", 0.1), ("error", None)]
    with open(tmp_path / "runs.jsonl", "w") as file:
        for run, (outcome, accuracy) in zip(together, outcomes):
            versions = {"numpy": "2"}
            print(json.dumps({"study": run.study, "case": run.case, "settings": run.settings, "seed": run.seed, "outcome": outcome,
                              "accuracy": accuracy, "steps": 10, "parameters": 1, "data": "MNIST", "seconds": 1.0, "processors": 2,
                              "versions": versions}), file=file)
    line, = table.lines("fman45", tmp_path / "runs.jsonl")
    assert (line["runs"], line["learned"], line["outcomes"]) == (4, 2, "2 learned, 1 dead, 1 error")
    assert (line["mean"], line["lowest"], line["highest"]) == (pytest.approx(0.85), 0.8, 0.9)


def test_a_page_without_a_place_for_the_table_is_left_as_it_is(tmp_path):
    page = tmp_path / "results.md"
    for text in ("no mark", f"one {table.BEGIN} only", f"the other {table.END} only"):
        page.write_text(text)
        with pytest.raises(ValueError, match="no place for the table"):
            table.write(tmp_path / "runs.jsonl", page=page)
        assert page.read_text() == text


def test_the_place_in_the_page_is_looked_for_before_anything_is_trained(tmp_path, monkeypatch, capsys):
    (tmp_path / "results.md").write_text("no mark")
    for name, path in (("PAGE", "results.md"), ("RECORD", "runs.jsonl")):
        monkeypatch.setattr(f"lenet_lab.experiments.terminal.{name}", tmp_path / path)
    monkeypatch.setattr("lenet_lab.experiments.terminal.do_missing", lambda *_, **options: pytest.fail("it trained"))
    assert main(["lenet5"]) == 1
    assert "results.md has no place for the table" in capsys.readouterr().err


def test_the_page_and_the_tables_are_what_the_experiments_gave(tmp_path):
    """Whoever changes a number by hand learns it here."""
    assert f"{table.BEGIN}\n{table.networks_markdown()}{table.END}" in table.PAGE.read_text(encoding="utf-8")
    record = tmp_path / "runs.jsonl"
    record.write_text(table.RECORD.read_text(encoding="utf-8"), encoding="utf-8")
    table.write(record)
    for name in ("table.md", "table.csv"):
        assert (tmp_path / name).read_text(encoding="utf-8") == (table.RESULTS / name).read_text(encoding="utf-8")


def test_without_the_folder_docs_only_the_tables_beside_the_record_are_written(tmp_path, monkeypatch):
    """An installed wheel has no pages to rewrite."""
    record = tmp_path / "results" / "runs.jsonl"
    record.parent.mkdir()
    record.write_text(table.RECORD.read_text(encoding="utf-8"), encoding="utf-8")
    for name, path in (("PAGE", tmp_path / "docs" / "results.md"), ("RECORD", record)):
        monkeypatch.setattr(f"lenet_lab.experiments.terminal.{name}", path)
    assert main(["--tables"]) == 0
    assert {path.name for path in record.parent.iterdir()} == {"runs.jsonl", "table.md", "table.csv"}
    assert not (tmp_path / "docs").exists()


@pytest.mark.parametrize("study", STUDIES)
def test_every_case_has_been_run_with_all_its_seeds(study):
    done = [(one["case"], one["seed"]) for one in table.stored(study)]
    assert done == [(case.name, seed) for case in STUDIES[study] for seed in case.seeds], f'run lenet experiments "{study}"'


def test_what_notebook_09_says_of_its_records():
    comp3314, report = ({line["case"]: line for line in table.lines(name)} for name in ("comp3314", "report"))
    assert report["mean loss, rate 0.0001"]["learned"] == 0                                   # a rate of a sum, taken for one of a mean
    assert report["summed loss, rate 0.001"]["lowest"] > report["summed loss, rate 0.0001"]["highest"]
    fading, again = ([one for one in table.stored("comp3314") if one["case"] == case]
                     for case in ("weights +-2.4/n, rate x 0.008", "restart when idle, weights +-2.4/n, rate x 0.008"))
    assert {one["settings"]["steps"] for one in (*fading, *again)} == {1500}                 # a restart gets no fewer steps
    assert min(one["steps"] for one in fading if one["outcome"] == "learned") == 601
    assert [one["seed"] for one in fading if one["outcome"] == "learned" and one["seed"] < len(again)] == [1]
    assert {(one["outcome"], one["restarts"]) for one in again} == {("stuck", 25)}
    assert comp3314["normal weights, rate x 0.015"]["learned"] == 6
    assert comp3314["normal weights, full rate"]["runs"] == 5 and comp3314["normal weights, rate x 0.03"]["runs"] == 20


def test_two_runs_of_equally_many_steps_differ_by_nearly_a_tenth_in_time():
    """Notebook 09 says so of the first two rows of its first table."""
    first, second, *_ = table.lines("homework")
    assert first["steps"] == second["steps"] and 1.06 < second["seconds alone"] / first["seconds alone"] < 1.12


def test_what_notebook_09_says_of_the_run_that_began_badly(mnist):
    """The case "mean loss" with seed 4, and the same seed with weights by fan-in: the highest loss, and the open ReLUs at step 20."""
    settings = {one["case"]: one["settings"] for one in table.stored("comp3314") if one["case"] in ("mean loss", "mean loss, fan-in weights")}
    images, found = learn.pictures("mnist32"), []
    for one in settings.values():
        rng = np.random.default_rng(4)
        net = learn.fresh("comp3314", rng, one["first_weights"])
        steps = train(net, minibatches(images.train_x, images.train_y, one["batch_size"], rng), one["lr"], one["mu"])
        found.append(measure(net, islice(steps, 21)))
    normal, fan_in = (one.active_share["relu1"][-1] for one in found)
    assert np.argmax(found[0].losses) == 12 and round(found[0].losses[12], 1) == 4.4
    assert 0.15 < normal < 0.25 and 0.34 < fan_in < 0.45
    spread = [one.activation_std["ip2"][0] for one in found]
    assert max(spread) < 2 * min(spread)                                                      # so neither faded nor grew before the first step


def test_the_table_of_notebook_09_has_no_result_that_notebook_10_asks_for():
    all_, digits = table.networks_markdown().splitlines(), table.networks_markdown(data="MNIST").splitlines()
    left_out = [row for row in all_[2:] if row.split("|")[1].strip() not in {one.split("|")[1].strip() for one in digits}]
    assert len(left_out) == 2 and all("CIFAR-10" in row for row in left_out) and len(digits) == len(all_) - 2


def test_a_study_can_be_shown_in_part():
    shown = table.study_markdown("comp3314", only=("normal weights, rate x 0.008", "weights"))
    assert [row.split("|")[1].strip() for row in shown.splitlines()[2:]] == [
        "normal weights, rate x 0.008", "weights +-2.4/n, rate x 0.015", "weights +-2.4/n, rate x 0.008"]
