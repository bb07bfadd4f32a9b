"""What a DPM server keeps: replicas of images, their recovery points, and the catalog of both."""

from engine.dpm.prune import prune
from engine.dpm.rebuild import rebuild
from engine.dpm.repository import OpenPoint, Repository
from engine.dpm.restore import restore, restore_range
from engine.dpm.verify import verify

__all__ = ["OpenPoint", "Repository", "prune", "rebuild", "restore", "restore_range", "verify"]
