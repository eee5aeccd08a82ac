"""All eight widgets in one notebook, for the tests of a page that has them all."""

SETUP = """import numpy as np
from lenet_core import lenet
from lenet_core.data import digits
from lenet_lab.inside.recorder import Recorder
from lenet_lab.toy.practice import homework
from lenet_lab.widgets import draw, hinges, look_inside, mistakes, regions, step_through, time_travel, training
data, net = digits(), lenet(np.random.default_rng(0))
recording = Recorder(net, data, steps=10, lr=0.02)"""
WIDGETS = {"step": "step_through.StepThrough(homework())", "draw": "draw.DrawDigit(net)",
           "look": "look_inside.LookInside(net, data.test_x[:30], data.test_y[:30])",
           "mistakes": "mistakes.Mistakes(net, data.test_x, data.test_y, 'digits')", "training-panel": "training.TrainingPanel(net, data, steps=40)",
           "time-travel": "time_travel.TimeTravel(recording, data)", "hinges": "hinges.Hinges(0, [(0, 1), (2, -3), (4, 5), (6, -6)], shown=1)",
           "regions": "regions.Regions('rings', width=4)"}
CELLS = [SETUP, *WIDGETS.values()]
