"""What happened, as a sentence for people."""

from collections.abc import Callable
from typing import Any

from engine.dpm import occurrences as dpm
from engine.hyperv import applications as guest
from engine.hyperv import occurrences as hyperv
from engine.occurrence import Happening
from engine.vss import occurrences as vss

Sentence = Callable[[Any], str]

BEGINNINGS = (dpm.JobBegan, dpm.DataMoveBegan, vss.SessionBegan, vss.SetBegan)
"""What opens something that ends later."""

_SENTENCES: dict[type[Happening], Sentence] = {
    dpm.JobBegan: lambda it: f"job for {it.vm} begins" + (f", attempt {it.attempt}" if it.attempt > 1 else ""),
    dpm.ScheduleMissed: lambda it: f"the time of the job for {it.vm} comes, and nothing begins",
    dpm.AgentCalled: lambda it: f"the agent on {it.host} is asked to back up {it.vm}",
    dpm.DataMoveBegan: lambda it: f"{it.disk} is compared with its replica",
    dpm.BlocksMoved: lambda it: f"{it.disk}: {_blocks(it)} {it.fate}",
    dpm.DataMoveBroke: lambda it: f"the transfer of {it.disk} breaks",
    dpm.ReplicaInconsistent: lambda it: f"the replica of {it.disk} is inconsistent, {it.reason}",
    dpm.RecoveryPointMade: lambda it: f"recovery point of {it.disk}",
    dpm.JobEnded: lambda it: f"job for {it.vm} ends" + (f" with ID {it.number}" if it.number else ""),
    vss.ServiceFailed: lambda it: f"VSS cannot work: {it.routine} returns {it.cause}",
    vss.SessionBegan: lambda it: f"{it.requestor} asks the writers what they can back up",
    vss.SessionEnded: lambda it: f"{it.requestor} ends its backup: {it.how}",
    vss.SetBegan: lambda it: f"{it.requestor} wants shadow copies of {', '.join(it.volumes)}",
    vss.SetEnded: lambda it: "the shadow copy set is complete" if not it.reason else "the shadow copy set is given up",
    vss.WriterHandled: lambda it: f"{it.writer.name}: {it.phase}",
    vss.ThawOverdue: lambda it: f"{it.writer.name} has waited for Thaw for two minutes",
    vss.WriterVanished: lambda it: f"{it.writer.name} is gone, at {it.phase}",
    vss.ProviderCalled: lambda it: f"{it.provider.name}: {it.routine}",
    vss.TransactionsNotFrozen: lambda it: f"transactions do not come to rest in {it.seconds:g} s",
    vss.WritesReleased: lambda it: f"writes to {it.volume} were held for {it.seconds:.1f} s",
    vss.ShadowCopyCreated: lambda it: f"shadow copy of {it.volume}",
    vss.ShadowCopyDeleted: lambda it: f"the shadow copy of {it.volume} is released",
    vss.ShadowCopyLost: lambda it: f"the shadow copy of {it.volume} is lost (volsnap {it.event_id})",
    hyperv.ModeDecided: lambda it: f"{it.vm} can be backed up {it.mode}{_letters(it)}",
    hyperv.PowerStateChanged: lambda it: f"{it.vm}: {it.before} -> {it.after}",
    hyperv.GuestAsked: lambda it: f"the guest {it.vm} is asked for a snapshot",
    hyperv.CheckpointFailed: lambda it: f"{it.vm} gets no checkpoint",
    hyperv.MergeFailed: lambda it: f"the checkpoint of {it.vm} cannot be merged",
    hyperv.SaveFailed: lambda it: f"the state of {it.vm} cannot be saved",
    hyperv.StartFailed: lambda it: f"{it.vm} cannot be started again",
    hyperv.DiskMissing: lambda it: f"{it.disk} of {it.vm} is missing",
    hyperv.VolumesDiffer: lambda it: f"{it.vm} copied {it.copies} of {it.disks} volumes",
    hyperv.MountFailed: lambda it: f"{it.disk} cannot be mounted in the host's copy",
    hyperv.DiskReverted: lambda it: f"{it.disk} is brought back to the guest's moment, {it.bytes_reverted} bytes",
    guest.DatabaseFrozen: lambda it: f"database {it.database} is frozen",
    guest.DatabaseThawed: lambda it: f"database {it.database} goes on",
    guest.DatabaseBackupFailed: lambda it: f"database {it.database} cannot be frozen",
}


def sentence_of(happening: Happening) -> str:
    """The sentence; empty where nobody wrote one."""
    sentence = _SENTENCES.get(type(happening))
    return sentence(happening) if sentence else ""


def _blocks(moved: dpm.BlocksMoved) -> str:
    return f"block {moved.first}" if moved.count == 1 else f"blocks {moved.first} to {moved.first + moved.count - 1}"


def _letters(decided: hyperv.ModeDecided) -> str:
    return f", for condition {', '.join(decided.failed)}" if decided.failed else ""
