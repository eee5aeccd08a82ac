"""What the notebooks use on top of `lenet_core`: runs that can be paused, figures, widgets. Nothing in the core knows of it."""
