"""Puts copies of the files that are no modules into the wheel; an editable installation reads them where they are."""

from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FILES = ("notebooks/*.ipynb", "notebooks/AGENTS.md", "solutions/*.py", "solutions/*.md", "results/*.*", "classroom/*.*", "classroom/*/*.py",
         "classroom/*/labconfig/*.json")


class MaterialHook(BuildHookInterface):
    """`lenet_lab/material` in the wheel, where `lenet_lab/_material.py` looks for it."""

    def initialize(self, version, build_data):
        if version == "standard":
            root = Path(self.root)
            build_data["force_include"] |= {str(path): f"lenet_lab/material/{path.relative_to(root)}"
                                            for pattern in FILES for path in root.glob(pattern)}
