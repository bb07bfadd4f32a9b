"""The command's contract: exit codes, what goes where, quick help, and no traceback."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest

from diagnostics.verdict import Verdict
from tests.bundled import SAMPLES
from tests.test_samples import SAMPLES as LAB_SAMPLES


def diagnose(*arguments, stdin=b"", **environment):
    return subprocess.run(
        [sys.executable, "-m", "diagnostics", *map(str, arguments)],
        input=stdin, capture_output=True, timeout=120, check=False, env=os.environ | environment,
    )  # fmt: skip


@pytest.mark.parametrize("command", ["diagnostics.cli diagnose", "tui.cli shindan"])
def test_help_imports_nothing_that_takes_long(command):
    module, name = command.split()
    slow = ("networkx", "numpy", "textual", "rich", "sigma", "Evtx", "yaml", "msgspec")
    code = (
        f"import sys\nfrom {module} import {name} as command\n"
        "try: command.main(['--help'])\nexcept SystemExit: pass\n"
        f"print('loaded', [m for m in {slow} if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip().endswith("loaded []")


def test_a_small_log_imports_neither_progress_bars_nor_process_pools_nor_python_evtx():
    slow = ("rich.progress", "concurrent.futures.process", "Evtx", "charset_normalizer")
    code = (
        "import sys\nfrom diagnostics.cli import diagnose\n"
        "try: diagnose.main(sys.argv[1:])\nexcept SystemExit: pass\n"
        f"print('loaded', [m for m in {slow} if m in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, str(SAMPLES / "healthy-online" / "logs")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ran.stdout.strip().endswith("loaded []")


def test_help_tells_the_exit_status():
    ran = diagnose("--help")
    assert ran.returncode == 0
    assert b"Exit status" in ran.stdout


def test_a_fault_exits_with_1_and_json_follows_the_schema():
    ran = diagnose(SAMPLES / "guest-sql-writer" / "logs", "--format", "json")
    assert ran.returncode == 1
    verdict = msgspec.json.decode(ran.stdout, type=Verdict)
    assert verdict.schema == "shindan.verdict/1"
    assert len(verdict.candidates) >= 5
    assert ran.stderr == b""


@pytest.mark.parametrize(("form", "start"), [("html", b"<!doctype html>"), ("markdown", b"## Asserted: ")])
def test_a_report_for_people_goes_to_the_file_that_is_asked_for(tmp_path, form, start):
    ran = diagnose(SAMPLES / "guest-sql-writer" / "logs", "--format", form, "-o", tmp_path / "report")
    assert (ran.returncode, ran.stdout, ran.stderr) == (1, b"", b"")
    assert (tmp_path / "report").read_bytes().startswith(start)


def test_a_console_that_lacks_characters_shows_the_others():
    ran = diagnose(SAMPLES / "guest-sql-writer" / "logs", PYTHONIOENCODING="ascii")
    assert (ran.returncode, ran.stderr) == (1, b"")
    assert b"SqlServerWriter" in ran.stdout


def test_fail_on_moves_the_line_between_0_and_1():
    assert diagnose(SAMPLES / "guest-sql-writer" / "logs", "--fail-on", "never").returncode == 0


def test_a_good_night_exits_with_0():
    assert diagnose(SAMPLES / "healthy-online" / "logs").returncode == 0


def test_an_empty_folder_is_not_healthy(tmp_path):
    ran = diagnose(tmp_path)
    assert ran.returncode == 3
    assert b"Nothing was read" in ran.stdout


def test_a_path_that_does_not_exist_is_named_and_exits_with_3(tmp_path):
    ran = diagnose(tmp_path / "nowhere")
    assert ran.returncode == 3
    assert b"nowhere" in ran.stderr
    assert b"Traceback" not in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), b"PATH"),
        (("x", "--role", "HV01"), b"NAME=ROLE"),
        (("x", "--role", "HV01=king"), b"dpm-server"),
        (("x", "--since", "yesterday"), b"ISO 8601"),
        (("x", "--format", "pdf"), b"json"),
        (("x", "--tz", "Mars/Olympus"), b"Mars/Olympus"),
        (("x", "--since", "2026-11-21", "--until", "2026-11-20"), b"later than --until"),
        (("x", "-o", "."), b"expected a file"),
        (("x", "-o", "nowhere/report.html"), b"folder that exists"),
    ],
)
def test_wrong_usage_exits_with_2_and_says_what_was_expected(arguments, expected):
    ran = diagnose(*arguments)
    assert ran.returncode == 2
    assert expected in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("",), b"A PATH is empty"),
        ((SAMPLES / "healthy-online" / "logs", "--tz", "nothing.evtx=UTC"), b"no file, folder or machine is called so"),
        ((SAMPLES / "healthy-online" / "logs", "--topology", "absent.yml"), b"absent.yml: cannot be opened"),
    ],
)
def test_what_names_nothing_is_wrong_usage(arguments, expected):
    ran = diagnose(*arguments)
    assert (ran.returncode, ran.stdout) == (2, b"")
    assert expected in ran.stderr


def test_a_bundled_sample_is_called_by_its_name_and_a_near_miss_is_told(tmp_path):
    bundled = {"SHINDAN_SAMPLES": str(LAB_SAMPLES)}
    by_name = diagnose("host-hyperv-writer", "--format", "json", **bundled)
    assert by_name.stdout == diagnose(LAB_SAMPLES / "host-hyperv-writer" / "logs", "--format", "json").stdout
    missed = diagnose("host-hyperv-writr", **bundled)
    assert (missed.returncode, b"did you mean the sample host-hyperv-writer" in missed.stderr) == (3, True)
    assert b"did you mean" not in diagnose(tmp_path / "nowhere", **bundled).stderr


def test_pasted_text_is_read_from_standard_input():
    pasted = (
        "DPM is out of disk space for the replica. (ID 58 Details: There is not enough space on the disk (0x80070070))"
    )
    ran = diagnose("-", "--format", "json", stdin=pasted.encode())
    assert ran.returncode == 1
    assert json.loads(ran.stdout)["candidates"][0]["component"] == "dpm_storage"


def test_a_damaged_event_log_is_told_of_in_the_report_and_nowhere_else(tmp_path):
    damaged = bytearray((LAB_SAMPLES / "guest-sql-writer" / "logs" / "SQL01" / "Application.evtx").read_bytes())
    damaged[0x1222] ^= 0xFF  # where the first record's template lies
    (tmp_path / "SQL01.evtx").write_bytes(damaged)
    ran = diagnose(tmp_path)
    assert b"record unreadable" in ran.stdout
    assert ran.stderr == b""


def test_damage_without_a_fault_exits_with_4(tmp_path):
    (tmp_path / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    good = SAMPLES / "healthy-online" / "logs"
    assert diagnose(good, tmp_path / "picture.png").returncode == 4


def test_a_log_copied_while_in_use_of_which_nothing_is_lost_is_healthy_and_said_to_be_so(tmp_path):
    logs = tmp_path / "logs"
    shutil.copytree(LAB_SAMPLES / "healthy-online" / "logs", logs)
    exported = next(logs.rglob("System.evtx"))
    live = bytearray(exported.read_bytes())
    live[0x2A:0x2C], live[0x78] = bytes(2), live[0x78] | 1  # no chunk counted yet, and dirty
    exported.write_bytes(live)
    ran = diagnose(logs)
    assert ran.returncode == 0
    assert "copied while in use" in " ".join(ran.stdout.decode().split())


def test_a_log_cut_off_between_two_chunks_is_damaged(tmp_path):
    logs = tmp_path / "logs"
    shutil.copytree(LAB_SAMPLES / "healthy-online" / "logs", logs)
    exported = next(logs.rglob("System.evtx"))
    whole = bytearray(exported.read_bytes())
    whole[0x2A] += 1
    exported.write_bytes(whole)
    ran = diagnose(logs, "--format", "json")
    damage = [damage["why"] for source in json.loads(ran.stdout)["sources"] for damage in source["damage"]]
    assert (ran.returncode, damage) == (4, ["tells of 2 chunks, the file ends after 1"])


def test_ctrl_c_before_anything_was_read_exits_with_130_too():
    code = (
        "import diagnostics.cli as cli\n"
        "def interrupted(**options): raise KeyboardInterrupt\n"
        "cli.diagnose.callback = interrupted\n"
        "cli.main()"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (ran.returncode, ran.stderr.strip()) == (130, b"diagnose: interrupted")


def test_an_error_of_the_tool_itself_exits_with_5_and_without_a_traceback():
    code = (
        "import diagnostics.cli as cli\n"
        "def broken(**options): raise ZeroDivisionError\n"
        "cli.diagnose.callback = broken\n"
        "cli.main()"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert ran.returncode == 5
    assert b"internal error: ZeroDivisionError" in ran.stderr
    assert b"Traceback" not in ran.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is full")
def test_a_full_disk_is_told_and_is_no_error_of_the_tool():
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "tui", "collect"], stdout=full, stderr=subprocess.PIPE, text=True, check=False
        )
    assert (ran.returncode, ran.stderr) == (3, "shindan: output: No space left on device\n")


@pytest.mark.skipif(sys.platform == "win32", reason="no limits of processes")
@pytest.mark.parametrize("form", ["text", "json", "html", "markdown"])
def test_where_a_report_does_not_fit_on_the_disk_no_half_of_it_is_left(tmp_path, form):
    import resource  # noqa: PLC0415 - Windows has none

    report = tmp_path / "report"
    ran = subprocess.run(
        [sys.executable, "-m", "diagnostics", SAMPLES / "guest-sql-writer" / "logs", "--format", form, "-o", report],
        capture_output=True, text=True, check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)),
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (3, f"diagnose: {report}: File too large\n")
    assert list(tmp_path.iterdir()) == []


def test_rules_that_do_not_exist_are_a_wrong_command_line():
    ran = diagnose(SAMPLES / "guest-sql-writer" / "logs", "--rules", "no-such-folder")
    assert (ran.returncode, ran.stdout) == (2, b"")
    assert b"--rules no-such-folder: no such folder or file" in ran.stderr


@pytest.mark.parametrize("command", ["reproduce", "retry", "eligibility", "diagnose"])
def test_a_complaint_begins_with_the_program_that_was_called(command):
    ran = subprocess.run(
        [sys.executable, "-m", "tui", command, "/no/such/logs"], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (3, "shindan: /no/such/logs does not exist\n")


def test_the_schema_is_printed_without_any_input():
    ran = diagnose("--schema")
    assert ran.returncode == 0
    assert json.loads(ran.stdout)["$defs"]["Verdict"]["properties"]["verdict"]


def test_plain_text_has_no_escape_sequence_and_fits_80_columns_but_for_commands():
    ran = diagnose(SAMPLES / "guest-sql-writer" / "logs", "--plain", COLUMNS="80")
    text = ran.stdout.decode()
    assert "\x1b" not in text
    too_long = [line for line in text.splitlines() if len(line) > 80 and not line.startswith("      ")]
    assert too_long == []


def test_no_color_is_respected_even_where_color_is_forced():
    ran = diagnose(SAMPLES / "guest-sql-writer" / "logs", FORCE_COLOR="1", NO_COLOR="1")
    assert b"\x1b[3" not in ran.stdout


def test_a_role_for_a_machine_that_no_log_knows_is_wrong_usage():
    ran = diagnose(SAMPLES / "guest-sql-writer" / "logs" / "HV01", "--role", "HV1=host")
    assert (ran.returncode, ran.stdout) == (2, b"")
    assert ran.stderr.endswith(b"there are HV01\n")


def test_a_topology_file_says_who_runs_on_whom(tmp_path):
    given = tmp_path / "topology.yml"
    given.write_text("roles: {BACKUP: dpm-server}\nhosts: {HV09: [SQL01]}\n")
    ran = diagnose(SAMPLES / "guest-sql-writer" / "logs", "--topology", given, "--format", "json")
    topology = json.loads(ran.stdout)["topology"]
    assert {"name": "SQL01", "host": "HV09"}.items() <= next(
        vm for vm in topology["vms"] if vm["name"] == "SQL01"
    ).items()


def test_a_bad_topology_file_is_located(tmp_path):
    given = tmp_path / "topology.yml"
    given.write_text("roles: {A: dpm-server}\nhost: {HV09: [SQL01]}\n")
    ran = diagnose(SAMPLES / "guest-sql-writer" / "logs", "--topology", given)
    assert ran.returncode == 2
    assert b"topology.yml:2" in ran.stderr


def test_a_job_that_a_person_knows_better_replaces_what_the_logs_tell(tmp_path):
    given = tmp_path / "topology.yml"
    given.write_text(
        "hosts: {HV01: [SQL01]}\n"
        "jobs: [{vm: SQL01, outcome: failed, mode: online, first_stage: send-blocks, last_stage: send-blocks}]\n"
    )
    ran = diagnose(SAMPLES / "healthy-online" / "logs", "--topology", given, "--format", "json")
    (job,) = [job for job in json.loads(ran.stdout)["jobs"] if job["vm"] == "SQL01"]
    assert (job["outcome"], job["stages"]) == ("failed", ["send-blocks", "send-blocks"])
    assert ran.returncode == 1


def test_ctrl_c_keeps_what_was_read_and_exits_with_130(tmp_path):
    line = "the backup failed with error 0x800423F4 at line {}\n"
    with (tmp_path / "SRV01-huge.log").open("w") as file:
        file.writelines(line.format(number) for number in range(1_200_000))
    process = subprocess.Popen(
        [sys.executable, "-m", "diagnostics", tmp_path], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    time.sleep(5)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"cancelled while it was being read" in stdout
    assert b"Traceback" not in stderr
