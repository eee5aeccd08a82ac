"""The inside of a network, as arrays: units and receptive fields (`look`), drawn digits (`drawing`), recorded runs (`recorder`),
ReLU networks in the plane (`relu_regions`)."""
