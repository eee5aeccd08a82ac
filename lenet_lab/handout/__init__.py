"""The interface of the homework's handout: its names and data structures, implemented with this package's functions.

It runs the seven functions of the homework, written to the handout's interface. `test_lenet(functions=...)` trains with them as the
homework's script does. `adapted(name, function)` gives one of them the interface of `lenet_core.ops`, so that it can be checked and
used in a network with `net["pool1"].use(...)`.

Reading order: `layout`, `functions`, `guard`, `adapters`, `script`. Source: homework sections 5 to 8.
"""

from .adapters import adapted
from .functions import (
    IN_OPS,
    SEVEN,
    col2im_conv,
    conv_layer_backward,
    conv_layer_forward,
    finite_difference,
    get_lr,
    im2col_conv,
    inner_product_backward,
    inner_product_forward,
    mlrloss,
    pooling_layer_backward,
    pooling_layer_forward,
    relu_backward,
    relu_forward,
    sgd_momentum,
)
from .guard import guarded
from .layout import as_images, as_maps, lenet_layers, size_after
from .script import NO_PARAM, conv_net, init_convnet, load_mnist, test_lenet

__all__ = [
    "IN_OPS", "NO_PARAM", "SEVEN", "adapted", "as_images", "as_maps", "col2im_conv", "conv_layer_backward", "conv_layer_forward",
    "conv_net", "finite_difference", "get_lr", "guarded", "im2col_conv", "init_convnet", "inner_product_backward",
    "inner_product_forward", "lenet_layers", "load_mnist", "mlrloss", "pooling_layer_backward", "pooling_layer_forward",
    "relu_backward", "relu_forward", "sgd_momentum", "size_after", "test_lenet"]
