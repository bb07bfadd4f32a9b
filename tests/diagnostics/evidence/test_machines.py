import pytest

from diagnostics.evidence.machines import by_label, known_machine_in, machine_in, unify


@pytest.mark.parametrize(
    ("name", "machine"),
    [
        ("HV01-vssadmin.txt", "HV01"),
        ("HV01/System.evtx", "HV01"),
        ("SQL01_Application.evtx", "SQL01"),
        ("N2-DPMRACurr.errlog", "N2"),
        ("bundle.zip/HV01/SQL01_System.evtx", "SQL01"),
        ("HV01-logs.zip/System.evtx", "HV01"),
        ("logs/WIN-1ADC454BHIV/Application.evtx", "WIN-1ADC454BHIV"),
        ("HV01.contoso.com-System.evtx", "HV01.contoso.com"),
        ("HV01_Microsoft-Windows-Hyper-V-VMMS%4Admin.evtx", "HV01"),
        ("vssadmin-writers_HV02_2024-11-05.txt", "HV02"),
        ("fileserver-vssadmin.txt", "fileserver"),
        ("VM01-job.txt", "VM01"),
        ("DPM01/MSDPMCurr.errlog", "DPM01"),
        ("20241105_HV03/System.evtx", "HV03"),
        ("SQL01-app.csv", "SQL01"),
        ("SQL01.msg", "SQL01"),
        ("HV02-Ereignisse.csv", "HV02"),
        ("SQL01_アプリケーション.txt", "SQL01"),
        ("HV01/Journal système.csv", "HV01"),
    ],
)
def test_a_machine_is_found_in_what_people_call_files(name, machine):
    assert machine_in(name) == machine


@pytest.mark.parametrize(
    "name",
    [
        "System.evtx",
        "logs/events/Application.evtx",
        "vssadmin.txt",
        "vssadmin-list-writers.txt",
        "Microsoft-Windows-Hyper-V-VMMS-Admin.evtx",
        "Microsoft-Windows-Hyper-V-VMMS%4Admin.evtx",
        "export/2024-11-05/job.txt",
        "Backup_Error-05-11-2024_01-02-03.log",
        "DPMRACurr.errlog",
        "MSDPM12.errlog",
        "standard input",
        "backup job 17.txt",
        "contoso/case 4711/readme.txt",
        "ログ/状態.txt",
        "Anwendung1.csv",
        "mail3-sjis.txt",
        "events_utf16le.csv",
        "システム2.txt",
        "mail.msg",
        "ticket.eml",
        "",
    ],
)
def test_generic_words_and_dates_are_no_machine(name):
    assert machine_in(name) == ""


def test_a_known_machine_is_found_as_a_whole_word_and_the_innermost_counts():
    known = by_label({"DC", "HV01.contoso.com", "HV010"})
    assert known_machine_in("logs/dc/vssadmin.txt", known) == "DC"
    assert known_machine_in("HV01 writers.txt", known) == "HV01.contoso.com"
    assert known_machine_in("HV010/DC.txt", known) == "DC"
    assert known_machine_in("dcdiag/HV0101.txt", known) == ""


def test_a_part_of_an_address_is_no_machine_s_name():
    known = by_label({"10.0.0.1", "fe80::1"})
    assert known_machine_in("10.0.0.1 writers.txt", known) == "10.0.0.1"
    assert known_machine_in("2026-10-10 writers.txt", known) == ""
    assert known_machine_in("10.0.0.12 writers.txt", known) == ""


def test_short_and_qualified_names_are_one_machine():
    assert unify(["HV01", "hv01.contoso.com", "HV01.CONTOSO.COM", ""]) == dict.fromkeys(
        ["HV01", "HV01.CONTOSO.COM", "hv01.contoso.com"], "HV01"
    )


def test_equal_names_in_two_domains_are_two_machines():
    assert unify(["HV01.a.com", "HV01.b.com"]) == {"HV01.a.com": "HV01.A.COM", "HV01.b.com": "HV01.B.COM"}


def test_addresses_are_not_shortened():
    assert unify(["10.0.0.5", "10.0.0.6", "fe80::1"]) == {
        "10.0.0.5": "10.0.0.5",
        "10.0.0.6": "10.0.0.6",
        "fe80::1": "fe80::1",
    }


def test_the_identity_of_a_virtual_machine_is_no_computer_s_name():
    identity = "6E2EA12C-1111-2222-3333-444455556666"
    assert machine_in(f"Virtual Machines/{identity}.xml") == ""
    assert machine_in(f"HV08-vm-configurations/{identity}.xml") == "HV08"
    assert machine_in(f"HV08-{identity}.xml") == "HV08"
