#!/usr/bin/env bash
# PyTorch 2.13.0: reading a test set in order, without shuffling and without workers, changes the order of the next training epoch.
#
# Guess before it was run: a DataLoader with `shuffle=False` and `num_workers=0` needs no random number, so it draws none, and a run with a test
# after every epoch trains on the same batches as a run without.
# Seen: each `iter(loader)` draws one number from PyTorch's default generator, a seed for workers, also where there are none. The training loader
# takes its order, and dropout its masks, from the same generator. The first epoch is the same, the second is not.
# Who meets it: two runs with one seed, one of which looks at the test set, or at one batch more, train differently; so does a run that is
# continued. What helps: a `generator` of its own for the training loader, or for the test loader.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
venv/bin/python - <<'PY'
import torch
from torch.utils.data import DataLoader, TensorDataset

images = TensorDataset(torch.arange(8))


def orders(tested, own=False):
    """The order of the images in two epochs, after each of which the test set is read or not; with a generator for the training set or not."""
    torch.manual_seed(0)
    train = DataLoader(images, batch_size=8, shuffle=True, generator=torch.Generator().manual_seed(0) if own else None)
    test, epochs = DataLoader(images, batch_size=8, shuffle=False, num_workers=0), []
    for _ in range(2):
        epochs += [batch.tolist() for batch, in train]
        if tested:
            assert [batch.tolist() for batch, in test] == [list(range(8))]
    return epochs


without, tested = orders(False), orders(True)
print("without a test:", *without)
print("with a test:   ", *tested)
assert without == orders(False) and tested == orders(True), "the seed decides"
assert without[0] == tested[0] and without[1] != tested[1]
assert orders(False, own=True) == orders(True, own=True), "with a generator of its own, the training set is not touched"

torch.manual_seed(0)
before = torch.get_rng_state()
iter(DataLoader(images, shuffle=False, num_workers=0))
assert not torch.equal(before, torch.get_rng_state()), "one iterator, and no item was read"
PY
echo "As described."
