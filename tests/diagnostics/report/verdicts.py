"""A verdict with something in every section, for reports to be tested on."""

from diagnostics.case.pipeline import PlateId, build_pipeline
from diagnostics.verdict import (
    Candidate,
    DamageReport,
    Evidence,
    Fault,
    JobReport,
    LabRun,
    LineCompared,
    LineReckoned,
    MachineReport,
    Moment,
    NextEvidence,
    Noise,
    NotChecked,
    Note,
    Reckoning,
    RemedyAdvice,
    RemedyStep,
    Reproduction,
    ReproductionWord,
    SourceLine,
    SuspectReckoned,
    Timeline,
    TopologyReport,
    UpdateAdvice,
    Verdict,
    VerdictWord,
)
from engine.pipeline import Scope


def evidence(weight_db, event="VSS/8229", text="ライターで致命的なエラーが発生しました。"):
    return Evidence(
        source="SQL01/Application.evtx", record=1234, time="2026-11-22T01:02:03.456789Z", machine="SQL01", event=event,
        codes=["0x800423F4"], rule="sql-writer-rejected-event", weight_db=weight_db, text=text, count=3,
    )  # fmt: skip


def update(kb, state, why):
    return UpdateAdvice(
        kb=kb, title="Ends the failure", machine="SQL01", state=state, why=why,
        references=[f"https://support.microsoft.com/help/{kb[2:]}"],
    )  # fmt: skip


def compared(event, role, stage, *codes):
    return LineCompared(event=event, role=role, stage=stage, codes=list(codes))


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
            cause_probability=0.812345,
            cause_ahead_db=23.4,
            cause_sign=0.6,
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
            updates=[
                update("KB3108319", "missing", "not among the 87 updates in SQL01/systeminfo.txt"),
                update("KB2996928", "unknown", "no list of what is installed on SQL01 is among the files"),
                update("KB3060678", "superseded", "KB3145384 holds it (SQL01/systeminfo.txt:40)"),
                update("KB3000850", "installed", "listed (SQL01/systeminfo.txt:30)"),
            ],
        )
    ],
    candidates=[
        Candidate(component="guest_writer", instance="vm:SQL01/guest_writer:SqlServerWriter", cause="sql-writer-failed",
                  probability=0.876543,
                  title="Application writer in the guest: SQL Server's writer rejects the snapshot"),
        Candidate(component="guest_vss", instance="vm:SQL01/guest_vss", cause="guest-vss-stuck", probability=0.08,
                  title="VSS in the guest: VSS hangs and answers nobody",
                  why="19.1 dB behind the first: VSS/8229 on SQL01 (+14.0 dB there, +0.4 here)"),
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
                   damage=[DamageReport(where="chunk 9 at 0x9000", why="checksum mismatch")],
                   remarks=["its header tells of 8 chunks, 10 are there, all were read"])
    ],
    not_checked=[NotChecked(what="HV01", why="no log of it is among the files")],
    timeline=Timeline(
        moments=[
            Moment(time="2026-11-22T01:00:00.000000Z", kind="job-started", machine="DPM01", source="DPM01/jobs.txt",
                   record=1, level="", event="job of SQL01", text="started", job="SQL01@1"),
            Moment(time="2026-11-22T01:02:03.456789Z", kind="evidence", machine="SQL01",
                   source="SQL01/Application.evtx", record=1234, level="error", event="VSS/8229",
                   text="ライターで致命的なエラーが発生しました。", rule="sql-writer-rejected-event", count=3),
            Moment(time="2026-11-22T01:03:00.000000Z", kind="context", machine="HV01", source="HV01/System.evtx",
                   record=77, level="information", event="EventLog/6005", text="Windows started"),
            Moment(time="2026-11-22T01:05:00.000000Z", kind="job-ended", machine="DPM01", source="DPM01/jobs.txt",
                   record=1, level="", event="job of SQL01", text="failed between guest-prepare and guest-thaw",
                   job="SQL01@1"),
        ],
        left_out=12,
    ),
    reckoning=Reckoning(
        suspects=[
            SuspectReckoned(instance="vm:SQL01/guest_writer:SqlServerWriter", prior=0.059351, prior_db=-11.5,
                            rest_db=5.0, posterior_db=9.0, posterior=0.89, failed_db=-0.5, probability_db=8.5,
                            probability=0.876543),
            SuspectReckoned(instance="vm:SQL01/guest_vss", prior=0.036, prior_db=-14.3, rest_db=3.9,
                            posterior_db=-10.6, posterior=0.08, failed_db=0.0, probability_db=-10.6,
                            probability=0.08),
        ],
        lines=[
            LineReckoned(source="SQL01/Application.evtx", record=1234, machine="SQL01", event="VSS/8229",
                         rule="sql-writer-rejected-event", adds_db=[14.0, 0.4]),
            LineReckoned(source="SQL01/Application.evtx", record=1234, machine="SQL01", event="SQLWRITER/24583",
                         rule="sql-writer-rejected-event", adds_db=[4.0, -0.6]),
            LineReckoned(source="SQL01/Application.evtx", record=0, machine="SQL01", event="absent",
                         rule="sql-writer-rejected-event", adds_db=[-2.5, 0.0]),
        ],
        rest_lines=2,
    ),
    reproduced=Reproduction(
        outcome=ReproductionWord.REPRODUCED,
        summary="Reproduced: sql-writer-failed, brought about in the lab, logs the same (0.93 alike; the next 0.41).",
        runs=[
            LabRun(cause="sql-writer-failed", instance="vm:SQL01/guest_writer:SqlServerWriter",
                   fault="sql-writer-refuses@vm:SQL01", likeness=0.931,
                   both=[compared("VSS/8229", "vm", "guest-prepare", "0x800423F4"),
                         compared("job failed", "site", None)],
                   only_case=[compared("[b]MSSQL[/]/3041", "vm", "guest-prepare")],
                   only_lab=[compared("volsnap/25", "host", "host-snapshot")]),
            LabRun(cause="guest-vss-stuck", instance="vm:SQL01/guest_vss", fault="guest-vss-hangs@vm:SQL01",
                   likeness=0.41, both=[compared("job failed", "site", None)]),
            LabRun(cause="odd-cause", instance="vm:SQL01/guest_vss", fault="", likeness=None),
        ],
        lab=["DPM01, HV01 and SQL01 stood in the lab; WEB01, whose job passed, was left out."],
        seed=7,
    ),
    notes=[
        Note(source="SQL01-Application.evtx", record=1234, time="2026-11-20T01:01:13.027445Z", machine="SQL01",
             event="VSS/8229", text="hr=0x800423f4; [/C:\\x] *bold*", note="Asked the SQL team | [b]at noon[/]"),
        Note(source="dpm/MSDPM.errlog", record=7, time=None, machine="", event="MSDPM", text="", note=""),
    ],
)  # fmt: skip

GRAPH = build_pipeline(
    [
        PlateId("site", Scope.SITE, None),
        PlateId("host:HV01", Scope.HOST, "site"),
        PlateId("vm:SQL01", Scope.VM, "host:HV01"),
        PlateId("vm:WEB01", Scope.VM, "host:HV01"),
    ]
)
