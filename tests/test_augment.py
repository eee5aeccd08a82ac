"""More pictures from the same ones: what each change does to known pictures, and what none of them may do."""

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from lenet_lab.runs.augment import _interpolated, mirrored, moved, warped

STILL = {"turn": 0, "scale": 0, "shear": 0, "by": 0}
CHANGES = [(moved, {"by": 2}), (mirrored, {}), (warped, {}), (warped, {"bend": 0.7})]


class Largest:
    """An `rng` that always draws the largest amount."""

    def uniform(self, low, high, size):
        return np.full(size, high, float)


def once(change, x, rng, **amounts):
    return next(change([(x, np.arange(len(x)))], rng, **amounts))[0]


@pytest.fixture
def pictures(rng):
    """Eight colour images of noise, higher than wide; who writes into them gets an error."""
    x = rng.random((8, 3, 9, 7)).astype(np.float32)
    x.flags.writeable = False
    return x


@pytest.mark.parametrize("change, amounts", CHANGES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shape_number_type_and_labels_stay(rng, pictures, change, amounts, dtype):
    y = np.arange(8)
    batches = list(change([(pictures.astype(dtype), y), (pictures[:3].astype(dtype), y[:3])], rng, **amounts))
    assert [x.shape for x, _ in batches] == [(8, 3, 9, 7), (3, 3, 9, 7)] and {x.dtype for x, _ in batches} == {np.dtype(dtype)}
    assert batches[0][1] is y and (batches[1][1] == y[:3]).all()


@pytest.mark.parametrize("change, amounts", CHANGES)
def test_the_same_seed_gives_the_same_pictures(pictures, change, amounts):
    first, again, other = (once(change, pictures, np.random.default_rng(seed), **amounts) for seed in (1, 1, 2))
    assert (first == again).all() and (first != other).any()


@pytest.mark.parametrize("change, amounts", CHANGES)
def test_every_image_is_changed_in_a_way_of_its_own(rng, pictures, change, amounts):
    """Also: all channels of an image in the same way."""
    out = once(change, np.broadcast_to(pictures[:1, :1], (50, 3, 9, 7)), rng, **amounts)
    assert (out == out[:, :1]).all()
    ways = {mirrored: 2, moved: 25}.get(change, 50)
    found = len(np.unique(out[:, 0], axis=0))
    assert found == ways if change is not moved else 15 < found <= ways       # 50 draws of 25 ways find 22 of them, give or take 2


def test_moved_is_a_slice_of_the_image_with_a_border(rng, pictures):
    bordered = np.pad(pictures, ((0, 0), (0, 0), (2, 2), (2, 2)))
    ways = set()
    for _ in range(40):
        for image, out in zip(bordered, once(moved, pictures, rng, by=2)):
            fits = [(i, j) for i in range(5) for j in range(5) if (image[:, i:i + 9, j:j + 7] == out).all()]
            assert len(fits) == 1
            ways.update(fits)
    assert len(ways) == 25                                          # each is missed in 320 draws once in 470,000 times


def test_mirrored_is_the_image_or_its_mirror_image(rng, pictures):
    out = once(mirrored, pictures, rng)
    same, turned = ((out == x).all(axis=(1, 2, 3)) for x in (pictures, pictures[..., ::-1]))
    assert (same != turned).all() and same.any() and turned.any()


def test_no_amount_is_no_change(rng, pictures):
    assert (once(warped, pictures, rng, **STILL) == pictures).all()


def test_a_turn_by_90_degrees(rng):
    x = rng.random((2, 1, 6, 6)).astype(np.float32)
    out = once(warped, x, Largest(), **{**STILL, "turn": 90})
    clockwise = np.rot90(x, -1, axes=(2, 3))
    np.testing.assert_allclose(out, clockwise, atol=1e-6)                     # cos(90 degrees) is not quite 0 for a computer


def test_a_move_by_whole_pixels_and_by_half_ones(pictures):
    out = once(warped, pictures, Largest(), **{**STILL, "by": 2})
    assert (out[:, :, :-2, :-2] == pictures[:, :, 2:, 2:]).all() and not out[:, :, -2:].any() and not out[:, :, :, -2:].any()
    out = once(warped, pictures, Largest(), **{**STILL, "by": 0.5})
    four = sum(pictures[:, :, i:i + 8, j:j + 6] for i in (0, 1) for j in (0, 1)) / 4
    np.testing.assert_allclose(out[:, :, :-1, :-1], four, rtol=1e-5)          # float32 sums in another order


def test_a_stretch_and_a_slant_leave_the_centre_where_it_is(pictures):
    out = once(warped, pictures, Largest(), **{**STILL, "scale": 1})          # everything is looked up twice as far from the centre
    expected = np.zeros_like(pictures)
    expected[:, :, 2:7, 2:5] = pictures[:, :, ::2, 1::2]
    assert (out == expected).all()
    out = once(warped, pictures, Largest(), **{**STILL, "shear": 1})          # a row k below the centre goes k to the left
    bordered = np.pad(pictures, ((0, 0), (0, 0), (0, 0), (4, 4)))
    assert all((out[:, :, i] == bordered[:, :, i, i:i + 7]).all() for i in range(9))


def test_bending_is_smooth_and_as_strong_as_asked(rng):
    """In an image whose pixels say their row, the new image says where it was looked up."""
    ramp = np.broadcast_to(np.arange(40, dtype=np.float32)[:, None], (2000, 1, 40, 30))
    wandered = (once(warped, ramp, rng, **STILL, bend=0.7) - ramp)[:, 0, 5:-5, 5:-5]
    # 2,000 images of a few independent places each: the standard deviation of a standard deviation is below 0.01.
    assert wandered.std() == pytest.approx(0.7, abs=0.03) and abs(wandered.mean()) < 0.03
    assert np.diff(wandered, axis=1).std() < 0.15 and np.diff(wandered, axis=2).std() < 0.15      # neighbours go together: 0.1
    assert np.corrcoef(wandered[:, 0, 0], wandered[:, -1, 0])[0, 1] < 0.1                         # places 29 pixels apart do not


def test_interpolated_as_scipy_does_also_outside(rng, pictures):
    rows, columns = rng.uniform(-4, 13, (2, 8, 9, 7))
    out = _interpolated(pictures.astype(float), rows, columns)
    for image, r, c, mine in zip(pictures.astype(float), rows, columns, out):
        for channel, found in zip(image, mine):
            np.testing.assert_allclose(found, map_coordinates(channel, [r, c], order=1, mode="grid-constant"), atol=1e-12)
