"""Preprocess a drawing in the same way as MNIST's images, and compute a network's answer to it.

MNIST's digits were scaled to fit a box of 20x20 pixels, with their proportions kept and with grey edges. Then they were moved so that
their centre of mass is at the centre of a field of 28x28. (Source: LeCun, Cortes and Burges, "The MNIST database of handwritten
digits".) A network that was trained on such digits needs drawings in the same form.
"""

from typing import NamedTuple

import numpy as np

from lenet_core.net import Net

from .look import Look, probabilities

FIELD, BOX = 28, 20                      # pixels a side
CENTRE = FIELD // 2                      # row and column of the pixel with the centre of mass of every MNIST digit


def as_mnist(ink, centred=True):
    """A drawing as an image of 28x28 pixels: scaled to a 20x20 box and moved so that its centre of mass is in the middle.

    ink (H, W) or (1, H, W), from 0 (paper) to 1 (ink) -> (28, 28) float32. Each pixel is the mean of the area it covers. The ink
    is moved by whole pixels, as MNIST's was, and never over the border. `centred=False` only scales the whole sheet, made square
    with paper to the right or below. An empty drawing stays empty. Raises ValueError if the array is not a drawing.
    """
    from scipy.ndimage import center_of_mass  # only here, as in `plane`

    ink = checked(ink)
    if not centred:
        return resized(ink, FIELD)
    picture = np.zeros((FIELD, FIELD), np.float32)
    if not ink.any():
        return picture
    box = _cropped(resized(_cropped(ink), BOX))                          # crop again: `resized` added paper to make it square
    top, left = (min(max(0, CENTRE - round(middle)), FIELD - length) for middle, length in zip(center_of_mass(box), box.shape))
    picture[top:top + box.shape[0], left:left + box.shape[1]] = box
    return picture


def _cropped(ink):
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    return ink[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1]


def checked(ink):
    """The drawing as an array (H, W) float32; raises ValueError with a sentence if it is not a drawing."""
    ink = np.asarray(ink, np.float32)
    ink = ink[0] if ink.ndim == 3 and len(ink) == 1 else ink
    if ink.ndim != 2 or not ink.size:
        raise ValueError(f"A drawing is an array (height, width); this one has shape {ink.shape}.")
    if not (ink.min() >= 0 and ink.max() <= 1):                                          # also false for NaN
        raise ValueError(f"Ink goes from 0 (paper) to 1 (ink); here it goes from {ink.min():g} to {ink.max():g}. "
                         "Divide by 255 if these are grey levels; use 1 - x if paper is white.")
    return ink


def resized(ink, side):
    """A drawing (H, W), made square with paper to the right or below, as (side, side): the mean of the area each pixel covers."""
    length = max(ink.shape)
    edges = np.linspace(0, length, side + 1)
    old = np.arange(length)
    covered = np.minimum(edges[1:, None], old + 1) - np.maximum(edges[:-1, None], old)     # of each old pixel, by each new one
    share = np.maximum(0, covered) * side / length                                          # (side, length), rows add up to 1
    height, width = ink.shape
    mean = share[:, :height] @ ink @ share[:, :width].T
    return np.clip(mean, 0, 1).astype(np.float32)                                           # rounding may have left the interval


class Reading(NamedTuple):
    """A network's answer to an image: probabilities p (K,), a gradient, and the activation maps.

    `gradient` (28, 28) is that of log p of the class `towards` with respect to the pixels; `maps` are the outputs (F, H, W) of
    all layers that have maps, by the layers' names.
    """

    p: np.ndarray
    towards: int
    gradient: np.ndarray
    maps: dict


def read(net: Net, image, towards=None):
    """The `Reading` of an image (28, 28). `towards` is the class of the gradient, by default the answer. `net` does not change."""
    x = np.asarray(image)[None, None]
    if towards is None:
        towards = int(probabilities(net, x)[0].argmax())
    look = Look(net, x, np.array([towards]))
    maps = {name: look.maps(name) for name in look.names if look.maps(name).ndim == 3}
    return Reading(look.p[0], towards, -look[look.names[0]].dx[0, 0], maps)                 # the loss is -log p of `towards`


def sentence(p, blank=False):
    """The answer in words: "The network reads a 7 (93.1 %); its second guess is a 2 (3.0 %)."."""
    if not np.isfinite(p).all():
        return "The probabilities are not numbers: the network's weights have diverged."
    first, second = np.argsort(-p, kind="stable")[:2]
    subject = "Nothing is drawn; the network reads blank paper as" if blank else "The network reads"
    return f"{subject} {_article(first)} ({percent(p[first])}); its second guess is {_article(second)} ({percent(p[second])})."


def _article(digit):
    return f"an {digit}" if digit == 8 else f"a {digit}"


def percent(share, decimals=1):
    """A share in words: "93.1 %"."""
    return f"{100 * share:.{decimals}f} %"
