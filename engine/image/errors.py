"""What is wrong with an image: which file, where in it, and what was expected there."""

from pathlib import Path


class ImageError(Exception):
    """An image cannot be understood. The message names the file and the byte."""

    def __init__(self, path: Path, offset: int, problem: str) -> None:
        super().__init__(f"{path}: at byte {offset}: {problem}")
        self.path = path
        self.offset = offset
        self.problem = problem


class ParentMissingError(ImageError):
    """A differencing disk cannot be read, as its parent is not beside it or is another disk than it was made from."""
