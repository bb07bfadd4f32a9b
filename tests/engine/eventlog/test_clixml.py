"""PowerShell's XML is read back to its last value, whatever the texts hold."""

from hypothesis import given
from hypothesis import strategies as st

from diagnostics.parsers.clixml import CLIXML
from engine.eventlog.clixml import Choice, Thing, Version, clixml
from tests.diagnostics.parsers.exports import read

TEXTS = st.text(st.characters(codec="utf-16", exclude_characters="_"), min_size=1, max_size=20).filter(str.strip)


@given(st.lists(st.tuples(TEXTS, TEXTS, st.integers(0, 2**63)), min_size=1, max_size=4))
def test_objects_are_read_back(told):
    running = Choice("Microsoft.HyperV.PowerShell.VMState", "Running", 2)
    things = [
        Thing(
            ("Microsoft.HyperV.PowerShell.VirtualMachine", "System.Object"),
            f"VirtualMachine (Name = '{name}')",
            {
                "VMName": name,
                "State": running,
                "SnapshotFileLocation": folder,
                "MemoryAssigned": memory,
                "IntegrationServicesVersion": Version((6, 2, 9200, 16433)),
                "ParentSnapshotId": None,
            },
        )
        for name, folder, memory in told
    ]
    reading = read(CLIXML, clixml(things), encoding="utf-16")
    fields = [
        (event.fields["VmName"], event.fields["State"], event.fields["CheckpointPath"]) for event in reading.events
    ]
    assert fields == [(name.strip(), "Running", folder.strip()) for name, folder, _ in told]
    assert reading.damage == ""
