"""Figures of the gradient check (notebook 04)."""

import numpy as np

from .base import WIDE, axes_for, styled


@styled
def slope_errors(steps, errors, predicted, ax=None):
    """The error of difference quotients against the step, a panel for each number type, with the predicted errors in grey.

    `errors` and `predicted` are {number type: {method: array like steps}}. An error of exactly 0 is drawn at the lower edge.
    """
    ax = axes_for(ax, WIDE, ncols=len(errors), sharey=True, squeeze=False)
    lowest = 1e-17
    for axis, (number, curves) in zip(np.ravel(ax), errors.items()):
        for n, values in enumerate(predicted[number].values()):
            axis.loglog(steps, values, color="0.75", linewidth=4, linestyle="-", label="" if n else "predicted")
        for method, values in curves.items():
            axis.loglog(steps, np.maximum(values, lowest), marker=".", markersize=4, label=method)
        axis.set(xlabel="step h", title=number, ylim=(lowest / 3, 10))
    np.ravel(ax)[0].set_ylabel("error of the slope")
    np.ravel(ax)[-1].legend(fontsize=8, loc="lower left")
    return ax


@styled
def pieces(weights, losses, held, name, ax=None):
    """The loss against one weight (thick), and the loss with some switches of ReLUs and poolings fixed, {what is fixed: losses}."""
    ax = axes_for(ax, WIDE)
    ax.plot(weights, losses, color="0.7", linewidth=6, linestyle="-", label="the loss")
    for label, values in held.items():
        ax.plot(weights, values, label=label)
    ax.set(xlabel=name, ylabel="J")
    ax.legend(fontsize=8)
    return ax


@styled
def ties(image, tied, share, data_name, ax=None):
    """An image (H, W), the share of maps in which each of its pooling windows has a tie, and the mean of this over many images."""
    ax = axes_for(ax, (WIDE[0], 3.0), ncols=3)
    titles = "the image", f"its windows: {tied.mean():.0%} tie", f"all images: {share.mean():.0%} tie"
    for axis, values, title in zip(np.ravel(ax), (image, tied, share), titles):
        picture = axis.imshow(values, vmin=0, vmax=1, interpolation="nearest")
        axis.set_title(title, loc="center", fontsize=9)
        axis.set(xticks=[], yticks=[])
        axis.grid(False)
    figure = np.ravel(ax)[0].figure
    figure.colorbar(picture, ax=np.ravel(ax)[1:], shrink=0.7, label="share of the 20 maps")
    figure.suptitle(data_name, fontsize=9, color="0.35")
    return ax
