#!/usr/bin/env bash
# PyTorch 2.13.0, processor: with oneDNN switched off, the convolution of a window of zeros, without bias, is not zero.
#
# Guess before it was run: sums of products with 0 are exactly 0, whichever library computes them; the switch changes only the last digits of
# sums that are rounded.
# Seen on x86-64 with AVX2: with 15 images in the batch all outputs of blank windows are 0; with 16, nearly all of them are something like
# 1e-7, of either sign. From 16 images on PyTorch takes NNPACK, which transforms whole tiles of pixels for 5x5 windows, so that the rounding
# of what is drawn in a tile spreads over the blank paper beside it. With oneDNN the same outputs are exactly 0 for any batch.
# Who meets it: max pooling. Blank windows tie no longer, so the gradient goes to entries that chance decides (a third of all windows on MNIST
# digits), and `out == 0`, `out > 0` on blank paper answer at random.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check torch==2.13.0 numpy==2.4.6
venv/bin/python - <<'PY'
import torch

torch.manual_seed(0)
weights = torch.randn(20, 1, 5, 5)
images = torch.zeros(16, 1, 28, 28)
images[:, :, 14:, 14:] = torch.rand(16, 1, 14, 14)        # the outputs of rows and columns 0 to 9 see zeros only
blank = {}
for enabled in (True, False):
    for batch in (15, 16):
        with torch.backends.mkldnn.flags(enabled=enabled):
            found = torch.nn.functional.conv2d(images[:batch], weights)[:, :, :10, :10]
        blank[enabled, batch] = int((found != 0).sum())
        print(f"oneDNN {'on ' if enabled else 'off'}, {batch} images: {blank[enabled, batch]:6,} of {found.numel():,} outputs of zeros are not 0; "
              f"the largest is {found.abs().max().item():.0e}")
        assert found.abs().max() < 1e-5
assert not blank[True, 15] and not blank[True, 16] and not blank[False, 15] and blank[False, 16] > 1000
PY
echo "As described."
