"""What happened, as a sentence for people."""

from collections.abc import Callable
from typing import Any

from engine.dpm import occurrences as dpm
from engine.hyperv import applications as guest
from engine.hyperv import occurrences as hyperv
from engine.occurrence import Happening
from engine.sentence import Sentence
from engine.vss import occurrences as vss

BEGINNINGS = (dpm.JobBegan, dpm.DataMoveBegan, vss.SessionBegan, vss.SetBegan)
"""What opens something that ends later."""

_SENTENCES: dict[type[Happening], Callable[[Any], Sentence]] = {
    dpm.JobBegan: lambda it: Sentence(
        "job for {vm} begins" if it.attempt == 1 else "job for {vm} begins, attempt {attempt}",
        vm=it.vm, attempt=it.attempt,
    ),
    dpm.ScheduleMissed: lambda it: Sentence("the time of the job for {vm} comes, and nothing begins", vm=it.vm),
    dpm.AgentCalled: lambda it: Sentence("the agent on {host} is asked to back up {vm}", host=it.host, vm=it.vm),
    dpm.DataMoveBegan: lambda it: Sentence("{disk} is compared with its replica", disk=it.disk),
    dpm.BlocksMoved: lambda it: Sentence(
        "{disk}: block {first} {fate}" if it.count == 1 else "{disk}: blocks {first} to {last} {fate}",
        disk=it.disk, first=it.first, last=it.first + it.count - 1, fate=Sentence(it.fate),
    ),
    dpm.DataMoveBroke: lambda it: Sentence("the transfer of {disk} breaks", disk=it.disk),
    dpm.ReplicaInconsistent: lambda it: Sentence(
        "the replica of {disk} is inconsistent, {reason}", disk=it.disk, reason=it.reason
    ),
    dpm.RecoveryPointMade: lambda it: Sentence("recovery point of {disk}", disk=it.disk),
    dpm.JobEnded: lambda it: Sentence(
        "job for {vm} ends with ID {number}" if it.number else "job for {vm} ends", vm=it.vm, number=it.number
    ),
    vss.ServiceFailed: lambda it: Sentence(
        "VSS cannot work: {routine} returns {cause}", routine=it.routine, cause=it.cause
    ),
    vss.SessionBegan: lambda it: Sentence("{requestor} asks the writers what they can back up", requestor=it.requestor),
    vss.SessionEnded: lambda it: Sentence("{requestor} ends its backup: {how}", requestor=it.requestor, how=it.how),
    vss.SetBegan: lambda it: Sentence(
        "{requestor} wants shadow copies of {volumes}", requestor=it.requestor, volumes=", ".join(it.volumes)
    ),
    vss.SetEnded: lambda it: Sentence(
        "the shadow copy set is given up" if it.reason else "the shadow copy set is complete"
    ),
    vss.WriterHandled: lambda it: Sentence("{writer}: {phase}", writer=it.writer.name, phase=it.phase),
    vss.ThawOverdue: lambda it: Sentence("{writer} has waited for Thaw for two minutes", writer=it.writer.name),
    vss.WriterVanished: lambda it: Sentence("{writer} is gone, at {phase}", writer=it.writer.name, phase=it.phase),
    vss.ProviderCalled: lambda it: Sentence(
        "{provider}: {routine}", provider=it.provider.name, routine=it.routine
    ),
    vss.TransactionsNotFrozen: lambda it: Sentence(
        "transactions do not come to rest in {seconds:g} s", seconds=it.seconds
    ),
    vss.WritesReleased: lambda it: Sentence(
        "writes to {volume} were held for {seconds:.1f} s", volume=it.volume, seconds=it.seconds
    ),
    vss.ShadowCopyCreated: lambda it: Sentence("shadow copy of {volume}", volume=it.volume),
    vss.ShadowCopyDeleted: lambda it: Sentence("the shadow copy of {volume} is released", volume=it.volume),
    vss.ShadowCopyLost: lambda it: Sentence(
        "the shadow copy of {volume} is lost (volsnap {event})", volume=it.volume, event=it.event_id
    ),
    hyperv.ModeDecided: lambda it: Sentence(
        "{vm} can be backed up {mode}, for condition {conditions}" if it.failed else "{vm} can be backed up {mode}",
        vm=it.vm, mode=Sentence(it.mode), conditions=", ".join(it.failed),
    ),
    hyperv.PowerStateChanged: lambda it: Sentence(
        "{vm}: {before} -> {after}", vm=it.vm, before=it.before, after=it.after
    ),
    hyperv.GuestAsked: lambda it: Sentence("the guest {vm} is asked for a snapshot", vm=it.vm),
    hyperv.CheckpointFailed: lambda it: Sentence("{vm} gets no checkpoint", vm=it.vm),
    hyperv.MergeFailed: lambda it: Sentence("the checkpoint of {vm} cannot be merged", vm=it.vm),
    hyperv.SaveFailed: lambda it: Sentence("the state of {vm} cannot be saved", vm=it.vm),
    hyperv.StartFailed: lambda it: Sentence("{vm} cannot be started again", vm=it.vm),
    hyperv.DiskMissing: lambda it: Sentence("{disk} of {vm} is missing", disk=it.disk, vm=it.vm),
    hyperv.VolumesDiffer: lambda it: Sentence(
        "{vm} copied {copies} of {disks} volumes", vm=it.vm, copies=it.copies, disks=it.disks
    ),
    hyperv.MountFailed: lambda it: Sentence("{disk} cannot be mounted in the host's copy", disk=it.disk),
    hyperv.DiskReverted: lambda it: Sentence(
        "{disk} is brought back to the guest's moment, {bytes} bytes", disk=it.disk, bytes=it.bytes_reverted
    ),
    guest.DatabaseFrozen: lambda it: Sentence("database {database} is frozen", database=it.database),
    guest.DatabaseThawed: lambda it: Sentence("database {database} goes on", database=it.database),
    guest.DatabaseBackupFailed: lambda it: Sentence("database {database} cannot be frozen", database=it.database),
}  # fmt: skip


def sentence_of(happening: Happening) -> Sentence | None:
    """The sentence; None where nobody wrote one."""
    sentence = _SENTENCES.get(type(happening))
    return sentence(happening) if sentence else None
