"""What `pyproject.toml` cannot say: the sample jobs, which lie beside the packages, are installed with them."""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py


class WithSamples(build_py):
    """Puts `samples/` where `diagnostics.samples` looks for them."""

    def run(self) -> None:
        """Build the packages, then add the samples; in a checkout they are found beside the packages."""
        super().run()
        if not self.editable_mode:
            shutil.copytree("samples", Path(self.build_lib, "diagnostics", "bundled"), dirs_exist_ok=True)


setup(cmdclass={"build_py": WithSamples})
