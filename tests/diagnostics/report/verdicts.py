"""A verdict with something in every section, for reports to be tested on."""

from diagnostics.verdict import (
    Candidate,
    DamageReport,
    Evidence,
    Fault,
    JobReport,
    MachineReport,
    NextEvidence,
    Noise,
    NotChecked,
    RemedyAdvice,
    RemedyStep,
    SourceLine,
    TopologyReport,
    Verdict,
    VerdictWord,
)


def evidence(weight_db, event="VSS/8229", text="ライターで致命的なエラーが発生しました。"):
    return Evidence(
        source="SQL01/Application.evtx", record=1234, time="2026-11-22T01:02:03.456789Z", machine="SQL01", event=event,
        codes=["0x800423F4"], rule="sql-writer-rejected-event", weight_db=weight_db, text=text, count=3,
    )  # fmt: skip


FULL = Verdict(
    verdict=VerdictWord.LEADING,
    summary="Probably: Application writer in the guest (vm:SQL01/guest_writer:SqlServerWriter).",
    faults=[
        Fault(
            component="guest_writer",
            instance="vm:SQL01/guest_writer:SqlServerWriter",
            scope="vm",
            stage="guest-freeze",
            cause="sql-writer-failed",
            probability=0.876543,
            title="Application writer in the guest: SQL Server's writer rejects the snapshot",
            explanation="One database cannot be frozen. The writer then vetoes for all of them, and the job fails.",
            evidence=[evidence(12.1), evidence(3.0, event="SQLWRITER/24583", text="[red]markup[/] stays [/C:\\x]")],
            counter_evidence=[evidence(-2.5, event="absent", text="")],
            minimal_evidence=[0],
            jobs=["SQL01@1"],
            confirm=["The backup passes while that instance is stopped."],
            remedies=["repair-sql-database"],
            remedy_details=[
                RemedyAdvice(
                    id="repair-sql-database",
                    title="Repair the database",
                    role="guest",
                    risk="changes-configuration",
                    steps=[
                        RemedyStep(do="Find it", run=["sqlcmd", "-E", "-Q", "SELECT name FROM sys.databases"]),
                        RemedyStep(do="Repair it"),
                    ],
                    undo="Restore it.",
                    verify="The next job passes.",
                )
            ],
            references=["https://learn.microsoft.com/windows-server/storage/file-server/volume-shadow-copy-service"],
        )
    ],
    candidates=[
        Candidate(component="guest_writer", instance="vm:SQL01/guest_writer:SqlServerWriter", cause="sql-writer-failed",
                  probability=0.876543),
        Candidate(component="guest_vss", instance="vm:SQL01/guest_vss", cause="guest-vss-stuck", probability=0.08),
    ],
    noise=[Noise(event="VSS/8194", count=10_000, why="It is logged every night.")],
    jobs=[
        JobReport(id="SQL01@1", vm="SQL01", host="HV01", mode="online", outcome="failed",
                  stages=["guest-prepare", "guest-thaw"], started=None, ended="2026-11-22T01:05:00.000000Z",
                  bytes_sent=0),
        JobReport(id="WEB01@2", vm="WEB01", host="HV01", mode="online", outcome="succeeded", stages=[], started=None,
                  ended=None, bytes_sent=5),
    ],
    topology=TopologyReport(
        site={"machines": []}, hosts=[MachineReport(name="HV01", role="host", basis="given")], vms=[]
    ),
    next_evidence=[
        NextEvidence(
            collect="System event log", machine="SQL01", command="wevtutil epl System x.evtx", gain_bits=0.7
        )
    ],
    sources=[
        SourceLine(path="SQL01/Application.evtx", kind="evtx", machine="SQL01", records=10, events=4,
                   first="2026-11-21T00:00:00.000000Z", last="2026-11-22T00:00:00.000000Z", encoding=None,
                   time_zone="UTC",
                   damage=[DamageReport(where="chunk 9 at 0x9000", why="checksum mismatch")])
    ],
    not_checked=[NotChecked(what="HV01", why="no log of it is among the files")],
)  # fmt: skip
