"""Disk images: recognized and described, read as disks, and looked into as far as an online backup's conditions ask."""

from engine.image.errors import ImageError, ParentMissingError
from engine.image.inspection import FoundVolume, Inspection, inspect
from engine.image.opening import Described, Format, Kind, Opened, describe, opened

__all__ = [
    "Described",
    "Format",
    "FoundVolume",
    "ImageError",
    "Inspection",
    "Kind",
    "Opened",
    "ParentMissingError",
    "describe",
    "inspect",
    "opened",
]
