"""The pipeline's vocabulary: stages in order, the components that can be at fault, and where each of them sits.

Source: the DPM 2007 SP1 article on Hyper-V backup (steps 1-6 of the preparation, T1-T6 of the transfer), and
Microsoft's *Backing Up and Restoring Virtual Machines* (HyperV_v2) for the order of the VSS steps.
"""

from enum import StrEnum
from typing import NamedTuple


class Stage(StrEnum):
    """A step that a backup job passes; declared in the order of the pipeline."""

    SCHEDULE = "schedule"
    CONTACT_AGENT = "contact-agent"
    GATHER_WRITERS = "gather-writers"
    PREPARE_BACKUP = "prepare-backup"
    CONTACT_GUEST = "contact-guest"
    GUEST_PREPARE = "guest-prepare"
    GUEST_FREEZE = "guest-freeze"
    GUEST_SNAPSHOT = "guest-snapshot"
    GUEST_THAW = "guest-thaw"
    SAVE_STATE = "save-state"
    HOST_FREEZE = "host-freeze"
    HOST_SNAPSHOT = "host-snapshot"
    HOST_THAW = "host-thaw"
    POST_SNAPSHOT = "post-snapshot"
    READ_REPLICA = "read-replica"
    READ_SOURCE = "read-source"
    COMPARE_CHECKSUMS = "compare-checksums"
    SEND_BLOCKS = "send-blocks"
    APPLY_BLOCKS = "apply-blocks"
    RECOVERY_POINT = "recovery-point"
    BACKUP_COMPLETE = "backup-complete"
    RELEASE_SNAPSHOT = "release-snapshot"


class Mode(StrEnum):
    """How the virtual machine is brought to rest: by its guest's own VSS, or by saving its state."""

    ONLINE = "online"
    OFFLINE = "offline"
    UNKNOWN = "unknown"


class Scope(StrEnum):
    """The plate that a component instance sits on: site ⊃ host ⊃ virtual machine."""

    SITE = "site"
    HOST = "host"
    VM = "vm"


class Component(StrEnum):
    """A part of the pipeline that can be at fault."""

    DPM_SERVER = "dpm_server"
    DPM_STORAGE = "dpm_storage"
    IDENTITY_NETWORK = "identity_network"
    DPM_AGENT_COMM = "dpm_agent_comm"
    HOST_VSS = "host_vss"
    HYPERV_WRITER = "hyperv_writer"
    HARDWARE_PROVIDER = "hardware_provider"
    CSV_CLUSTER = "csv_cluster"
    TRANSFER = "transfer"
    VOLSNAP_DIFFAREA = "volsnap_diffarea"
    FREEZE_TIMEOUT = "freeze_timeout"
    FILTER_DRIVER_AV = "filter_driver_av"
    DISK_IO = "disk_io"
    RESOURCE_EXHAUSTION = "resource_exhaustion"
    VM_CONFIG_STORAGE = "vm_config_storage"
    ONLINE_ELIGIBILITY = "online_eligibility"
    INTEGRATION_COMPONENTS = "integration_components"
    GUEST_VSS = "guest_vss"
    GUEST_WRITER = "guest_writer"
    REPLICA_CC = "replica_cc"


STAGES: tuple[Stage, ...] = tuple(Stage)
GUEST_STAGES = (Stage.CONTACT_GUEST, Stage.GUEST_PREPARE, Stage.GUEST_FREEZE, Stage.GUEST_SNAPSHOT, Stage.GUEST_THAW)
TRANSFER_STAGES = STAGES[STAGES.index(Stage.READ_REPLICA) : STAGES.index(Stage.APPLY_BLOCKS) + 1]
"""The article's transfer, T1-T5: after the preparation succeeded, before the recovery point."""

_ABSENT = {
    Mode.ONLINE: frozenset({Stage.SAVE_STATE}),
    Mode.OFFLINE: frozenset(GUEST_STAGES),
    Mode.UNKNOWN: frozenset(),
}


def stages_of(mode: Mode) -> tuple[Stage, ...]:
    """The stages that a job in this mode passes, in order; an unknown mode may pass all of them."""
    return tuple(stage for stage in STAGES if stage not in _ABSENT[mode])


class ComponentInfo(NamedTuple):
    """Where a component sits, and which stages need it."""

    title: str
    scopes: tuple[Scope, ...]
    """Plates that have an instance of it; the first is the usual one."""
    stages: tuple[Stage, ...]


def _between(first: Stage, last: Stage) -> tuple[Stage, ...]:
    return STAGES[STAGES.index(first) : STAGES.index(last) + 1]


_SNAPSHOT = (Stage.GUEST_SNAPSHOT, Stage.HOST_SNAPSHOT)
_ANY = (Scope.HOST, Scope.VM, Scope.SITE)

COMPONENTS: dict[Component, ComponentInfo] = {
    Component.DPM_SERVER: ComponentInfo(
        "DPM server", (Scope.SITE,), (Stage.SCHEDULE, Stage.CONTACT_AGENT, Stage.RECOVERY_POINT)
    ),
    Component.DPM_STORAGE: ComponentInfo(
        "DPM storage pool",
        (Scope.SITE,),
        (Stage.READ_REPLICA, Stage.APPLY_BLOCKS, Stage.RECOVERY_POINT),
    ),
    Component.IDENTITY_NETWORK: ComponentInfo(
        "Domain controller, DNS and network", (Scope.SITE,), (Stage.CONTACT_AGENT, Stage.SEND_BLOCKS)
    ),
    Component.DPM_AGENT_COMM: ComponentInfo("DPM agent", (Scope.HOST,), (Stage.CONTACT_AGENT, Stage.SEND_BLOCKS)),
    Component.HOST_VSS: ComponentInfo(
        "VSS on the host",
        (Scope.HOST,),
        (Stage.GATHER_WRITERS, Stage.PREPARE_BACKUP, Stage.HOST_FREEZE, Stage.HOST_SNAPSHOT, Stage.HOST_THAW),
    ),
    Component.HYPERV_WRITER: ComponentInfo(
        "Hyper-V VSS writer",
        (Scope.HOST,),
        (
            Stage.GATHER_WRITERS,
            Stage.PREPARE_BACKUP,
            Stage.CONTACT_GUEST,
            Stage.SAVE_STATE,
            Stage.POST_SNAPSHOT,
            Stage.BACKUP_COMPLETE,
        ),
    ),
    Component.HARDWARE_PROVIDER: ComponentInfo(
        "Third-party VSS provider", (Scope.HOST,), (Stage.PREPARE_BACKUP, Stage.HOST_SNAPSHOT, Stage.POST_SNAPSHOT)
    ),
    Component.CSV_CLUSTER: ComponentInfo(
        "Cluster and shared volumes",
        (Scope.HOST,),
        (Stage.PREPARE_BACKUP, Stage.HOST_SNAPSHOT, Stage.READ_SOURCE, Stage.RELEASE_SNAPSHOT),
    ),
    Component.TRANSFER: ComponentInfo("Data transfer", (Scope.HOST,), TRANSFER_STAGES),
    Component.VOLSNAP_DIFFAREA: ComponentInfo(
        "Shadow copy storage", _ANY, (*_SNAPSHOT, Stage.READ_SOURCE, Stage.RECOVERY_POINT)
    ),
    Component.FREEZE_TIMEOUT: ComponentInfo(
        "Freeze window",
        (Scope.HOST, Scope.VM),
        (Stage.GUEST_FREEZE, Stage.GUEST_SNAPSHOT, Stage.GUEST_THAW, *_between(Stage.HOST_FREEZE, Stage.HOST_THAW)),
    ),
    Component.FILTER_DRIVER_AV: ComponentInfo(
        "Filter driver or antivirus",
        _ANY,
        (*_SNAPSHOT, Stage.POST_SNAPSHOT, Stage.READ_REPLICA, Stage.READ_SOURCE, Stage.APPLY_BLOCKS),
    ),
    Component.DISK_IO: ComponentInfo(
        "Disk and file system",
        _ANY,
        (*_SNAPSHOT, Stage.READ_REPLICA, Stage.READ_SOURCE, Stage.APPLY_BLOCKS, Stage.RECOVERY_POINT),
    ),
    Component.RESOURCE_EXHAUSTION: ComponentInfo(
        "Memory and kernel resources", _ANY, (Stage.GATHER_WRITERS, *_SNAPSHOT, Stage.READ_SOURCE)
    ),
    Component.VM_CONFIG_STORAGE: ComponentInfo(
        "Virtual machine's configuration and disks",
        (Scope.VM,),
        (Stage.GATHER_WRITERS, Stage.PREPARE_BACKUP, Stage.SAVE_STATE, Stage.POST_SNAPSHOT, Stage.READ_SOURCE),
    ),
    Component.ONLINE_ELIGIBILITY: ComponentInfo(
        "Conditions for online backup", (Scope.VM,), (Stage.PREPARE_BACKUP, Stage.CONTACT_GUEST)
    ),
    Component.INTEGRATION_COMPONENTS: ComponentInfo("Integration components", (Scope.VM,), (Stage.CONTACT_GUEST,)),
    Component.GUEST_VSS: ComponentInfo("VSS in the guest", (Scope.VM,), GUEST_STAGES[1:]),
    Component.GUEST_WRITER: ComponentInfo(
        "Application writer in the guest", (Scope.VM,), (Stage.GUEST_PREPARE, Stage.GUEST_FREEZE, Stage.GUEST_THAW)
    ),
    Component.REPLICA_CC: ComponentInfo(
        "Replica consistency", (Scope.VM,), (Stage.READ_REPLICA, Stage.COMPARE_CHECKSUMS, Stage.APPLY_BLOCKS)
    ),
}

LAYERS: tuple[frozenset[Component], ...] = (
    frozenset({Component.DISK_IO, Component.RESOURCE_EXHAUSTION, Component.IDENTITY_NETWORK}),
    frozenset({Component.VOLSNAP_DIFFAREA, Component.CSV_CLUSTER, Component.FILTER_DRIVER_AV}),
    frozenset({Component.HARDWARE_PROVIDER, Component.HOST_VSS, Component.GUEST_VSS, Component.FREEZE_TIMEOUT}),
    frozenset(
        {
            Component.INTEGRATION_COMPONENTS,
            Component.GUEST_WRITER,
            Component.HYPERV_WRITER,
            Component.VM_CONFIG_STORAGE,
            Component.ONLINE_ELIGIBILITY,
        }
    ),
    frozenset({Component.DPM_AGENT_COMM, Component.TRANSFER, Component.REPLICA_CC, Component.DPM_STORAGE}),
    frozenset({Component.DPM_SERVER}),
)
"""The layers of a machine's backup stack, lowest first: a failure below is logged again by what stands above it."""
_LAYER = {component: number for number, layer in enumerate(LAYERS) for component in layer}


def layer_of(component: Component) -> int:
    """The number of a component's layer, 0 for the lowest."""
    return _LAYER[component]


DEPENDS_ON: dict[Component, tuple[Component, ...]] = {
    Component.DPM_SERVER: (Component.IDENTITY_NETWORK,),
    Component.DPM_STORAGE: (Component.DPM_SERVER,),
    Component.IDENTITY_NETWORK: (),
    Component.DPM_AGENT_COMM: (Component.DPM_SERVER, Component.IDENTITY_NETWORK),
    Component.HOST_VSS: (Component.DPM_AGENT_COMM, Component.RESOURCE_EXHAUSTION),
    Component.HYPERV_WRITER: (Component.HOST_VSS,),
    Component.HARDWARE_PROVIDER: (Component.HOST_VSS, Component.DISK_IO),
    Component.CSV_CLUSTER: (Component.DISK_IO, Component.IDENTITY_NETWORK),
    Component.TRANSFER: (Component.DPM_AGENT_COMM, Component.DPM_STORAGE),
    Component.VOLSNAP_DIFFAREA: (Component.DISK_IO, Component.RESOURCE_EXHAUSTION),
    Component.FREEZE_TIMEOUT: (Component.DISK_IO, Component.VOLSNAP_DIFFAREA),
    Component.FILTER_DRIVER_AV: (Component.DISK_IO,),
    Component.DISK_IO: (),
    Component.RESOURCE_EXHAUSTION: (),
    Component.VM_CONFIG_STORAGE: (Component.HYPERV_WRITER, Component.CSV_CLUSTER),
    Component.ONLINE_ELIGIBILITY: (Component.VM_CONFIG_STORAGE, Component.INTEGRATION_COMPONENTS),
    Component.INTEGRATION_COMPONENTS: (Component.HYPERV_WRITER,),
    Component.GUEST_VSS: (Component.INTEGRATION_COMPONENTS, Component.VOLSNAP_DIFFAREA),
    Component.GUEST_WRITER: (Component.GUEST_VSS, Component.FREEZE_TIMEOUT),
    Component.REPLICA_CC: (Component.TRANSFER, Component.DPM_STORAGE),
}
"""Which components a component stands on; on its own plate where that has them, else on the plate around it."""
