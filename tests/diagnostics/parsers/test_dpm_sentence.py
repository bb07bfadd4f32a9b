"""The protected computer that a sentence of DPM names in full is where its job failed."""

import pytest

from diagnostics.event import Kind
from diagnostics.parsers.dpm_sentence import server_in
from tests.diagnostics.parsers.reading import read

REFUSED = "(ID 41 Details: No connection could be made because the target machine actively refused it (0x8007274D))"


@pytest.mark.parametrize(
    "sentence",
    [
        f"DPM failed to communicate with HV01.contoso.example because the computer is unreachable. {REFUSED}",
        "DPM failed to communicate with the protection agent on HV01.contoso.example because access is denied. (ID 42)",
        "The DPM service was unable to communicate with the protection agent on HV01.contoso.example. (ID 52)",
        "Fehler bei der Kommunikation mit HV01.contoso.example, der Computer ist nicht erreichbar. (ID 41 Details: x)",
        "HV01.contoso.example 上の保護エージェントが応答しません。 (ID 43 詳細: x (0x8099090E))",
        "Jobs for Microsoft Hyper-V \\Online\\SQL01 on HV01.contoso.example have been failing. (ID 3114)",
        "Error 270: The agent operation failed on HV01.contoso.example because DPM could not communicate with it.",
    ],
)
def test_a_sentence_about_one_computer_names_the_server_of_its_job(sentence: str) -> None:
    assert read(sentence + "\n").only(Kind.JOB).fields["Server"] == "HV01.contoso.example"


@pytest.mark.parametrize(
    "sentence",
    [
        "DPM failed to communicate with HV01 because of an error. (ID 41)",
        "DPM failed to communicate with HV01.contoso.example or HV02.contoso.example. (ID 41)",
        r"DPM cannot reach \\NAS01.contoso.example\VMs. (ID 41)",
        "Ask admin@contoso.co.example, see https://help.contoso.example/x and version 4.2.1553.0. (ID 41)",
        "The data cannot be recovered to the DPM server DPM01.contoso.example. (ID 118)",
        "DPM failed to communicate with HV01.contoso.example.",
        "The replica of Microsoft Hyper-V SQL01 on SCVMM SQL01 Resources.CLU01.contoso.example is lost. (ID 91)",
        "Jobs for Microsoft Hyper-V \\Online\\SQL01 on SQL01.CLU01.contoso.example have been failing. (ID 3114)",
        "The replica of Microsoft Hyper-V SQL01 on SQL01.CLU01.contoso.example is not consistent. (ID 91)",
        "DPM failed to communicate with the protection agent on DPM01.contoso.example. (ID 43)",
    ],
)
def test_where_it_is_not_certain_no_server_is_named(sentence: str) -> None:
    assert server_in(sentence, vm="SQL01", dpm="DPM01") == ""


def test_a_report_s_own_line_wins_over_its_sentence() -> None:
    sentence = f"Description: DPM failed to communicate with CLU01.contoso.example. {REFUSED}\n"
    report = f"Type: Recovery point\nStatus: Failed\n{sentence}"
    assert read(report).only(Kind.JOB).fields["Server"] == "CLU01.contoso.example"
    assert read(report + "Computer: HV02\n").only(Kind.JOB).fields["Server"] == "HV02"
    with_node = read(report + "Cluster node: N2\n").only(Kind.JOB)
    assert (with_node.fields["ClusterNode"], with_node.fields.get("Server")) == ("N2", None)
