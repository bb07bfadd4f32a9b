"""The whole road on made-up nights: the article's rules of thumb, stability, and hostile input."""

import os
import subprocess
import sys
import zipfile

import pytest

from diagnostics.diagnosis import diagnose
from diagnostics.report import to_json
from diagnostics.request import Request, UsageError
from diagnostics.verdict import VerdictWord
from tests.bundled import SAMPLES

ESCAPES = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202e[bold red]x[/] [/C:\\x]"


def job(vm, host, *, failed="", sent="0", minute=0, mode="Backup Using Child Partition Snapshot"):
    status, told = ("Failed", failed) if failed else ("Completed", "The job completed successfully.")
    return (
        f"Type:    Recovery point\nStatus:  {status}\nDescription:  {told}\n"
        f"End time:   11/20/2026 1:{minute + 2:02d}:00 AM\nStart time:   11/20/2026 1:{minute:02d}:00 AM\n"
        f"Data transferred:   {sent} MB\nCluster node   {host}.contoso.com\nRecovery Point Type   Express Full\n"
        f"Source details:  \\{mode}\\{vm}\nProtection group:   PG\n\n"
    )


def verdict_on(tmp_path, *jobs):
    folder = tmp_path / "DPM01"
    folder.mkdir(exist_ok=True)
    (folder / "jobs.txt").write_text("".join(jobs))
    return diagnose(Request(paths=(str(tmp_path),))).verdict


VSS = "DPM encountered a retryable VSS error. (ID 30112 Details: The writer experienced a transient error (0x800423F3))"
CUT = "DPM failed to communicate with the agent. (ID 52 Details: The connection was forcibly closed (0x80072746))"
NO_AGENT = (
    "DPM could not contact the protection agent service. (ID 308 Details: The RPC server is unavailable (0x800706BA))"
)


def test_when_all_machines_of_one_host_fail_in_the_preparation_it_is_the_host(tmp_path):
    failing = [job(f"A{n}", "HV01", failed=VSS, minute=n * 3) for n in range(6)]
    passing = [job(f"B{n}", "HV02", sent="100", minute=n * 3) for n in range(6)]
    verdict = verdict_on(tmp_path, *failing, *passing)
    first = verdict.candidates[0]
    assert (first.component, first.instance) == ("hyperv_writer", "host:HV01/hyperv_writer")
    of_host = [found.probability for found in verdict.candidates if found.instance.startswith("host:HV01/")]
    assert sum(of_host) > 0.9
    # That six jobs end with one vague error tells of the host, and not six times of what.
    assert first.probability > 0.7
    assert all(other.instance.startswith("host:HV01/") for other in verdict.candidates if other.probability > 0.1)
    assert all(found.probability < 0.2 for found in verdict.candidates if found.instance.startswith("vm:"))


def test_when_one_machine_of_a_host_fails_it_is_that_guest(tmp_path):
    passing = [job(f"A{n}", "HV01", sent="100", minute=n * 3) for n in range(1, 6)]
    verdict = verdict_on(tmp_path, job("A0", "HV01", failed=VSS), *passing)
    of_the_guest = [found.probability for found in verdict.candidates if found.instance.startswith("vm:A0/")]
    elsewhere = [found.probability for found in verdict.candidates if not found.instance.startswith("vm:A0/")]
    assert verdict.candidates[0].instance.startswith("vm:A0/")
    assert sum(of_the_guest) > 5 * sum(elsewhere)


def test_when_the_transfer_fails_it_is_not_vss(tmp_path):
    verdict = verdict_on(tmp_path, *(job(f"A{n}", "HV01", failed=CUT, sent="512", minute=n * 3) for n in range(3)))
    assert verdict.candidates[0].component in {"transfer", "identity_network", "dpm_agent_comm", "disk_io"}
    vss = {"host_vss", "hyperv_writer", "guest_vss", "guest_writer"}
    assert sum(candidate.probability for candidate in verdict.candidates if candidate.component in vss) < 0.05


def test_a_guest_is_not_said_to_have_the_writer_of_its_host(tmp_path):
    for machine in ("HV01", "SQL01"):
        (tmp_path / machine).mkdir()
    rejected = (
        "A VSS writer has rejected an event with error 0x800423f3.\n\nContext:\n   Execution Context: Writer\n"
        "   Writer Name: Microsoft Hyper-V VSS Writer"
    )
    (tmp_path / "HV01" / "Application.csv").write_text(
        "TimeCreated,ProviderName,Id,LevelDisplayName,MachineName,LogName,Message\n"
        + "".join(f'2026-11-20T01:0{n}:00Z,VSS,8229,Warning,HV01,Application,"{rejected}"\n' for n in range(2))
    )
    (tmp_path / "SQL01" / "writers.txt").write_text(
        "Writer name: 'NTDS'\n   Writer Id: {b2014c9e-8711-4c5c-a5a9-3cf384484757}\n   State: [9] Failed\n"
        "   Last error: Timed out\n"
    )
    named = [found.instance for found in verdict_on(tmp_path, job("SQL01", "HV01", failed=VSS)).candidates]
    assert "vm:SQL01/guest_writer:NTDS" in named


def test_a_guest_whose_databases_were_copied_did_answer_its_host(tmp_path):
    """ESENT 2006 within the job's time, logged by the guest itself; the host's own databases prove nothing of it."""
    told = (job("SQL01", "HV01", failed=VSS), job("WEB01", "HV01", sent="100", minute=9))

    def blame_on_integration(case, machine):
        (folder := tmp_path / case / machine).mkdir(parents=True)
        (folder / "Application.csv").write_text(
            "TimeCreated,ProviderName,Id,LevelDisplayName,MachineName,LogName,Message\n"
            f'2026-11-20T01:01:00Z,ESENT,2006,Information,{machine},Application,"Shadow copy completed."\n'
        )
        found = {
            candidate.instance: candidate.probability for candidate in verdict_on(tmp_path / case, *told).candidates
        }
        return found.get("vm:SQL01/integration_components", 0)

    assert blame_on_integration("by-guest", "SQL01") < 0.1
    assert blame_on_integration("by-host", "HV01") > 0.3


def test_when_machines_of_several_hosts_fail_it_is_what_they_share(tmp_path):
    verdict = verdict_on(
        tmp_path,
        *(job(f"V{h}{n}", f"HV0{h}", failed=NO_AGENT, minute=h * 6 + n) for h in range(1, 5) for n in range(3)),
    )
    assert verdict.candidates[0].instance.startswith("site/")
    assert verdict.candidates[0].component in {"identity_network", "dpm_server"}


def test_a_retry_that_passes_makes_a_failure_transient(tmp_path):
    verdict = verdict_on(tmp_path, job("A", "HV01", failed=VSS), job("A", "HV01", sent="100", minute=40))
    assert verdict.verdict is VerdictWord.TRANSIENT


def sample_verdict(*paths):
    return to_json(diagnose(Request(paths=tuple(map(str, paths)))).verdict)


def test_the_order_of_the_input_does_not_change_a_byte():
    logs = sorted((SAMPLES / "host-hyperv-writer" / "logs").iterdir())
    shuffled = [*logs[1:], logs[0]]
    assert sample_verdict(*logs) == sample_verdict(*shuffled)


def test_the_hash_seed_does_not_change_a_byte():
    def run(seed):
        return subprocess.run(
            [sys.executable, "-m", "diagnostics", SAMPLES / "guest-sql-writer" / "logs", "--format", "json"],
            capture_output=True, check=False, env=os.environ | {"PYTHONHASHSEED": seed},
        ).stdout  # fmt: skip

    assert run("1") == run("2") != b""


def test_a_log_that_was_handed_in_twice_changes_no_probability(tmp_path):
    once = SAMPLES / "guest-sql-writer" / "logs"
    (tmp_path / "copy.xml").write_bytes((once / "SQL01" / "Application.xml").read_bytes())
    alone = diagnose(Request(paths=(str(once),))).verdict
    twice = diagnose(Request(paths=(str(once), str(tmp_path)))).verdict
    assert alone.candidates == twice.candidates


def test_a_zip_of_the_logs_gives_the_same_candidates(tmp_path):
    logs = SAMPLES / "host-hyperv-writer" / "logs"
    with zipfile.ZipFile(tmp_path / "bundle.zip", "w") as bundle:
        for path in sorted(logs.rglob("*")):
            bundle.write(path, path.relative_to(logs.parent))
    zipped = diagnose(Request(paths=(str(tmp_path / "bundle.zip"),))).verdict
    assert zipped.candidates == diagnose(Request(paths=(str(logs),))).verdict.candidates


HOSTILE_EVENT = (
    "<Events><Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='VSS'/>"
    "<EventID>8229</EventID><Level>2</Level><TimeCreated SystemTime='2026-11-20T01:00:00Z'/>"
    "<EventRecordID>1</EventRecordID>"
    "<Channel>Application</Channel><Computer>[red]HV\u202e01</Computer></System><EventData><Data>0x800423f4 {}</Data>"
    "<Data>Operation:\n   PrepareForSnapshot Event\n\nContext:\n   Writer Name: {}</Data></EventData></Event></Events>"
)


@pytest.mark.parametrize("form", ["text", "json"])
def test_escape_sequences_and_markup_in_logs_reach_nobody(tmp_path, form):
    shown = ESCAPES.replace("\x1b", "").replace("\x07", "")  # XML 1.0 cannot hold these two
    (tmp_path / "HV01-events.xml").write_text(HOSTILE_EVENT.format(shown, shown), encoding="utf-8")
    (tmp_path / f"{chr(0x202E)}job.txt").write_text(job(ESCAPES, "HV01", failed=VSS + ESCAPES), encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, "-m", "diagnostics", tmp_path, "--format", form],
        capture_output=True, check=False, env=os.environ | {"FORCE_COLOR": ""},
    )  # fmt: skip
    assert ran.returncode == 1
    assert b"Traceback" not in ran.stderr
    output = ran.stdout.decode() + ran.stderr.decode()
    assert not any(character in output for character in "\x1b\x07\x9b\u202e")
    assert "[bold red]x[/]" in output.lower(), "markup is shown as it is"


@pytest.mark.parametrize(
    "document",
    [
        '<!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;">]>' + HOSTILE_EVENT.format("&b;", ""),
        '<!DOCTYPE x SYSTEM "file:///etc/passwd">' + HOSTILE_EVENT.format("", ""),
        HOSTILE_EVENT.format("<Data>" * 5000, ""),
    ],
    ids=["entity-bomb", "external-doctype", "deep"],
)
def test_hostile_xml_is_named_and_read_no_further(tmp_path, document):
    (tmp_path / "events.xml").write_text(document)
    verdict = diagnose(Request(paths=(str(tmp_path),))).verdict
    assert verdict.sources[0].damage
    assert verdict.verdict is not VerdictWord.HEALTHY


def test_a_broken_user_rule_is_located_and_the_others_work(tmp_path):
    (tmp_path / "evil.yml").write_text("title: x\nid: [\n")
    ran = subprocess.run(
        [sys.executable, "-m", "diagnostics", SAMPLES / "healthy-online" / "logs", "--rules", tmp_path],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "evil.yml:" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.returncode == 0


def test_bounds_in_time_leave_out_what_lies_outside(tmp_path):
    (tmp_path / "jobs.txt").write_text(job("A", "HV01", failed=VSS))
    after = diagnose(Request(paths=(str(tmp_path),), since=2_000_000_000_000_000)).verdict
    assert after.jobs == []
    assert ("1 of 1 events", "outside the time that was asked for") in [(it.what, it.why) for it in after.not_checked]


def test_the_jobs_of_a_machine_that_no_log_knows_cannot_be_asked_for(tmp_path):
    (tmp_path / "jobs.txt").write_text(job("SQL01", "HV01", failed=VSS))
    with pytest.raises(UsageError, match="there are jobs of SQL01"):
        diagnose(Request(paths=(str(tmp_path),), vm="SLQ01"))


def test_a_file_that_is_no_log_makes_no_machine_known_by_its_name(tmp_path):
    (tmp_path / "jobs.txt").write_text(job("SQL01", "HV01", failed=VSS))
    alone = diagnose(Request(paths=(str(tmp_path),))).verdict
    for name, content in {
        "f12.dll": bytes(range(256)),
        "f13.txt": b"a line of text\n",
        "f14.json": b'{"a": 1}',
    }.items():
        (tmp_path / name).write_bytes(content)
    beside = diagnose(Request(paths=(str(tmp_path),))).verdict
    assert beside.topology == alone.topology
    assert beside.candidates == alone.candidates


def test_a_night_of_another_machine_can_be_left_out(tmp_path):
    (tmp_path / "jobs.txt").write_text(job("A", "HV01", failed=VSS) + job("B", "HV01", failed=VSS, minute=30))
    assert [told.vm for told in diagnose(Request(paths=(str(tmp_path),), vm="B")).verdict.jobs] == ["B"]


def cluster_night(tmp_path):
    """Ten machines on five hosts; those whose disks lie on Volume1 fail, whoever runs them."""
    vms = {f"V{host}{n}": (f"HV0{host}", f"Volume{n}") for host in range(1, 6) for n in (1, 2)}
    for host in sorted({host for host, _ in vms.values()}):
        folder = tmp_path / host
        folder.mkdir()
        rows = [
            f'"{vm}","Running","2","C:\\ClusterStorage\\{volume}\\{vm}","9.0"'
            for vm, (on, volume) in vms.items()
            if on == host
        ]
        (folder / "Get-VM.csv").write_text("\n".join(['"VMName","State","Generation","Path","Version"', *rows]))
    return [
        job(vm, host, minute=n * 3, **({"failed": "The job failed."} if volume == "Volume1" else {"sent": "100"}))
        for n, (vm, (host, volume)) in enumerate(vms.items())
    ]  # fmt: skip


def test_machines_of_several_hosts_that_fail_on_one_shared_volume_point_to_the_volume(tmp_path):
    verdict = verdict_on(tmp_path, *cluster_night(tmp_path))
    assert verdict.candidates[0].instance == "csv:VOLUME1/csv_cluster"
    assert len(verdict.faults[0].jobs) == 5


def test_when_only_the_jobs_of_one_of_two_dpm_servers_fail_it_is_that_server(tmp_path):
    (tmp_path / "DPM02").mkdir()
    failing = [job(f"A{n}", f"HV0{n}", failed=NO_AGENT, minute=n * 3) for n in range(1, 6)]
    passing = [job(f"B{n}", f"HV0{n}", sent="100", minute=n * 3) for n in range(1, 6)]
    (tmp_path / "DPM02" / "jobs.txt").write_text("".join(passing))
    verdict = verdict_on(tmp_path, *failing)
    assert verdict.candidates[0].instance.startswith("dpm:DPM01/")


def test_an_update_that_the_host_lacks_is_named_with_the_fault(tmp_path):
    host = tmp_path / "HV01"
    host.mkdir()
    (host / "systeminfo.txt").write_text(
        "Host Name:                 HV01\n"
        "OS Name:                   Microsoft Windows Server 2012 R2 Datacenter\n"
        "OS Version:                6.3.9600 N/A Build 9600\n"
        "Hotfix(s):                 1 Hotfix(s) Installed.\n"
        "                           [01]: KB2919355\n"
    )
    (host / "system.json").write_text(
        '[{"ProviderName": "volsnap", "Id": 25, "Level": 2, "LogName": "System", "MachineName": "HV01", "RecordId": 9,'
        ' "TimeCreated": "2026-11-20T01:01:00Z", "Message": "The shadow copies of volume D: were deleted because the'
        ' shadow copy storage could not grow in time.", "Properties": ["D:"]}]'
    )
    verdict = verdict_on(tmp_path, *(job(f"A{n}", "HV01", failed=VSS, minute=n) for n in range(4)))
    told = {(update.kb, update.machine, update.state) for fault in verdict.faults for update in fault.updates}
    assert ("KB3145384", "HV01", "missing") in told
