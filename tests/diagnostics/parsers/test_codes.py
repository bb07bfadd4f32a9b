"""Error codes are found in every spelling that Windows, DPM and Hyper-V print, and nothing else is taken for one."""

# ruff: noqa: E501 - log lines are quoted as they are printed

import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.parsers.codes import canonical, find_codes
from diagnostics.parsers.evtx.coded import coded, take_codes
from diagnostics.parsers.records import codes_of
from tests.shared import needs_shared, shared


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("rejected an event with error 0x800423f4, The writer", ("0x800423F4",)),
        ("Failed: Hr: = [0x8007173d] : ClusterPrepare", ("0x8007173D",)),
        ("ERROR 1450: Insufficient system resources (0x5aa)", ("0x800705AA",)),
        ("because of error 'ERROR_TIMEOUT(1460)'.", ("0x800705B4",)),
        ("STATUS_BAD_NETWORK_PATH(c00000be)", ("0xC00000BE",)),
        ("tid(163c) 80070002 指定されたファイルが見つかりません。", ("0x80070002",)),
        ("creating the volume shadow copy:800423f4", ("0x800423F4",)),
        ("with following error code '2155348129'.", ("0x807800A1",)),
        ("ErrorInfo DetailedCode=-2147024891", ("0x80070005",)),
        ("%%2147942402", ("0x80070002",)),
        ("LogHr 0xFFFFFFFF80070005", ("0x80070005",)),
        ("Error -0x800423F2", ("0x800423F2",)),
        ("Exception code: 0xe0434352", ("0xE0434352",)),
        ("account could not be resolved with status 1376.", ("0x80070560",)),
        ("Failed to create VM recovery checkpoint … error code: 32768", ("VM 32768",)),
        ("Error code: '32775'. Failed", ("VM 32775",)),
        ("Checkpoint failed with error code 32778.", ("VM 32778",)),
        ("(ID 30112 Details: text (0x800423F3))", ("ID 30112", "0x800423F3")),
        ("is inconsistent. (ID: 3106)", ("ID 3106",)),
        ("no se pudo conectar. (Id.: 100050)", ("ID 100050",)),
        ("(ID 112 詳細: 指定されたファイルが見つかりません。 (0x80070002))", ("ID 112", "0x80070002")),
        ("Error 270: The agent operation failed on X because DPM could not", ("ID 270",)),
        ("DPM: 복구 지점 볼륨 임계값을 초과했습니다.(3169)", ("ID 3169",)),
        ("VSS error: VSS_E_PROVIDER_VETO", ("0x80042306",)),
        ("VSS_E_WRITERERROR_TIMEOUT (0x800423f2)", ("0x800423F2",)),
        ("because of ERROR_SHARING_VIOLATION", ("0x80070020",)),
        ("because of 'STATUS_IO_TIMEOUT'", ("0xC00000B5",)),
        ("Win32 error:The network path was not found. Code: 53", ("0x80070035",)),
        ("V-79-57344-65233 - Snapshot Technology", ("0xE000FED1",)),
        ("V-79-40960-38691 (0xA0009723)", ("0xA0009723",)),
        ("V-79-32772-8966 - Snapshot provider error", ("0x80042306",)),
        ("because of 'STATUS_CLUSTER_CSV_AUTO_PAUSE_ERROR(c0130021)'.", ("0xC0130021",)),
        ("because of '(c0130021)'.", ("0xC0130021",)),
        ("CsvFs: status STATUS_CLUSTER_CSV_NO_SNAPSHOTS", ("0xC0130027",)),
        ("contact Microsoft Support (0x1FBD3).", ("ID 130003",)),
        ("Error Code: 0x25 KRB_AP_ERR_SKEW", ("KRB 37",)),
        ("Error Code: 0x7  KDC_ERR_S_PRINCIPAL_UNKNOWN\nExtended Error: 0xc0000035 KLIN(0)", ("KRB 7", "0xC0000035")),
        ("Error Code: 0x3b KDC_ERR_OF_A_LATER_WINDOWS", ("KRB 59",)),
        ("Kerberos SessionError: KRB_AP_ERR_SKEW(Clock skew too great)", ("KRB 37",)),
        ("on 26/11 at 13:41 KRB_AP_ERR_SKEW", ("KRB 37",)),
        ("Error Code: 0x25 for a Kerberos ticket", ("0x80070025",)),
    ],
)
def test_a_code_is_found_in_the_spelling_that(text: str, codes: tuple[str, ...]) -> None:
    assert find_codes(text) == codes


@pytest.mark.parametrize(
    "phrase",
    [
        *(
            "Fehlercode {}",
            "code d'erreur : {}",
            "エラー コード '{}'",
            "エラー {}",
            "codice di errore: {}",
            "Código de error: {}",
        ),
        *(
            "código de erro {}",
            "오류 코드: {}",
            "錯誤碼: {}",
            "错误代码: {}",
            "kód chyby {}",
            "Код ошибки: {}",
            "foutcode: {}",
        ),
        *(
            "failure code {}",
            "exit code {}",
            "hata kodu: {}",
            "felkod {}",
            "状態: {}",
            "kod błędu: {}",
            "Error code = {}",
        ),
    ],
)
def test_a_plain_number_is_a_code_behind_the_words_of_any_language(phrase: str) -> None:
    assert find_codes(phrase.format(1376)) == ("0x80070560",)


@pytest.mark.parametrize(
    "text",
    [
        r"0990 17D8 11/05 13:02:42.416 31 a.cpp(585) [00000000003970D0] NORMAL h/w provider:[65536] {800423f4-58d8-11df-be86-00155d4e0e00}",
        "vmms.exe!00007FF732A5BABA: (caller: 00007FF7800423F4)",
        "論理ブロック アドレス 0x82368d90 で IO 操作が再試行されました。",
        "the block at address 0x80070002 was read",
        "State: [10] Failed, State: 0x1 (VSS_WS_STABLE), 状態: [8]",
        "Error: 18210, Severity: 16, State: 1. Native Error: 3013",
        "2012-05-06 12:00:01 ERROR 4488 thread started",
        "Process ID 1234, Thread ID 30112, Event ID 8229, VSS error 12293, Ereignis-ID: 8193",
        "version 10.0.18362.1, 2155348129 bytes, 1.93 GB (1%), 80041234 KB, port 32768",
        "hr = 0x00000000. Der Vorgang wurde erfolgreich beendet (0x00000000)",
        "error 2012/03/31, error 12:30, error 10.5, error 50%",
        "%%1842 %%1843",
        "MY_ERROR_ACCESS_DENIED is no symbol of Windows",
        "the name vss_e_no_such_thing",
        "V-79-10000-11226 is a message, and no code in halves",
        "V-79-57344-99999 is too large for the half of a code",
        "item (0x3FBD3)",
        "Code: 53 of some program",
    ],
)
def test_nothing_else_is_taken_for_a_code(text: str) -> None:
    assert find_codes(text) == ()


def test_codes_come_in_order_of_appearance_each_once() -> None:
    text = "partial failure 0x80042336, 0x800423f3, error code: 0x80042336 (ID 30111), 0x8004230f"
    assert find_codes(text) == ("0x80042336", "0x800423F3", "ID 30111", "0x8004230F")


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        *(("1450", "0x800705AA"), ("0x5aa", "0x800705AA"), ("0x800705aa", "0x800705AA"), ("80070005", "0x80070005")),
        *(("32768", "VM 32768"), ("vm 32768", "VM 32768"), ("ID: 30112", "ID 30112"), ("c00000be", "0xC00000BE")),
        *(("-2147024891", "0x80070005"), ("2155348129", "0x807800A1"), ("nonsense", None), ("0", None), ("", None)),
    ],
)
def test_a_known_code_has_one_spelling(code: str, expected: str | None) -> None:
    assert canonical(code) == expected


def test_a_number_beside_its_kerberos_name_is_no_error_of_windows() -> None:
    fields = {"ErrorCode": "0x25", "ErrorMessage": "KRB_AP_ERR_SKEW", "ExtendedError": "0xc0000035"}
    assert codes_of(fields, "") == ("KRB 37", "0xC0000035")
    decoded = {name: coded(value) for name, value in fields.items()}
    assert take_codes(decoded, frozenset({"ErrorCode"})) == ("KRB 37", "0xC0000035")
    assert codes_of({"ErrorCode": "0x25", "ErrorMessage": "The drive cannot find the sector"}, "") == ("0x80070025",)


@given(st.text())
def test_what_is_found_is_canonical_whatever_the_text(text: str) -> None:
    for code in find_codes(text):
        assert canonical(code) == code


@given(
    st.integers(0x80040000, 0x8007FFFF), st.sampled_from(["0x{:x}", "[0x{:X}]", "error code {}", "({:08x})", "'{}'"])
)
def test_an_hresult_is_found_in_every_spelling(value: int, spelling: str) -> None:
    facility = value >> 16
    if facility in {0x8004, 0x8007}:
        assert find_codes(f"the job failed: {spelling.format(value)} at last") == (f"0x{value:08X}",)


@needs_shared
def test_every_code_of_the_real_cases_is_found_where_their_text_prints_it() -> None:
    cases = yaml.safe_load(shared("knowledge", "cases.yaml").read_text(encoding="utf-8"))["cases"]
    for evidence in (evidence for case in cases for evidence in case["evidence"] if evidence.get("text")):
        printed = [code for code in evidence.get("codes") or [] if code.lower() in evidence["text"].lower()]
        wanted = {canonical(code) for code in printed} - {None}
        assert wanted <= set(find_codes(evidence["text"])), evidence["text"]


def test_hostile_lines_are_read_in_linear_time() -> None:
    for piece in ("0x8", "0x25 krb_err_", "error ", "(ID ", "800423f", "エラー", "-2147", "dpm:("):
        text = piece * (50_000 // len(piece))
        begin = time.process_time()
        find_codes(text)
        assert time.process_time() - begin < 2
