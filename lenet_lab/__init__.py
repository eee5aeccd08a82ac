"""What the notebooks use on top of `lenet_core`: runs that can be paused, checks, figures, widgets. The core imports none of it."""
