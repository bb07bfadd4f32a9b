"""vssadmin's listings are read by their structure, so in every language."""

# ruff: noqa: E501 - log lines are quoted as they are printed

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diagnostics.event import Kind
from tests.diagnostics.parsers.reading import read

WRITER_ID = "{66841cd4-6ded-4f4b-8f17-fd23f8ddc3de}"
INSTANCE_ID = "{6162e336-7448-4371-93a7-29581512b103}"
LABELS = {
    "en": ("Writer name: '{}'", "Writer Id: ", "Writer Instance Id: ", "State: ", "Last error: "),
    "ja": ("ライター名: '{}'", "ライター Id: ", "ライター インスタンス Id: ", "状態: ", "最後のエラー: "),
    "de": ('Verfassername: "{}"', "Verfasserkennung: ", "Verfasserinstanzkennung: ", "Status: ", "Letzter Fehler: "),
    "fr": (
        "Nom du rédacteur\u00a0: '{}'",
        "ID du rédacteur\u00a0: ",
        "ID d'instance du rédacteur\u00a0: ",
        "État\u00a0: ",
        "Dernière erreur\u00a0: ",
    ),
    "web": ("ライター名: ‘{}’", "ライター Id: ", "ライター インスタンス Id: ", "状態: ", "最後のエラー: "),
    "unknown": ("Xyz abc: '{}'", "Qwe: ", "Rty: ", "Uio: ", "Pas dfg: "),
}
ERRORS = {
    "none": ("No error", "エラーなし", "Kein Fehler", "Aucune erreur", "Sin errores", "Nessun errore"),
    "retryable": ("Retryable error", "再試行可能なエラー", "Wiederholbarer Fehler", "Erreur récupérable"),
    "non-retryable": (
        "Non-retryable error",
        "再試行できないエラー",
        "Nicht wiederholbarer Fehler",
        "Erreur non récupérable",
    ),
    "timed-out": ("Timed out", "タイムアウト", "Zeitüberschreitung", "Délai dépassé"),
    "inconsistent": ("Inconsistent shadow copy", "Inkonsistente Schattenkopie", "Cliché instantané incohérent"),
    "out-of-resources": ("Out of resources", "Ressources insuffisantes"),
    "unexpected": ("Unexpected error", "予期しないエラー", "Unerwarteter Fehler", "Erreur inattendue"),
    "not-responding": ("Not responding", "Pas de réponse"),
    "other": ("Etwas anderes",),
}


def _writer(labels: tuple[str, ...], name: str, state: int, error: str, indent: str = "   ") -> str:
    first, *rest = labels
    values = (WRITER_ID, INSTANCE_ID, f"[{state}] Word", error)
    return "\n".join(
        [first.format(name), *(f"{indent}{label}{value}" for label, value in zip(rest, values, strict=True))]
    )


@given(
    st.sampled_from(sorted(LABELS)),
    st.lists(
        st.tuples(
            st.sampled_from(["Microsoft Hyper-V VSS Writer", "NTDS", "ASR Writer", "COM+ REGDB Writer"]),
            st.integers(0, 15),
            st.sampled_from([(kind, text) for kind, texts in ERRORS.items() for text in texts]),
        ),
        min_size=1,
        max_size=5,
    ),
    st.sampled_from(["   ", ""]),
)
def test_a_writer_listing_in_any_language_is_read_back(language, writers, indent) -> None:
    text = "\n\n".join(_writer(LABELS[language], name, state, error[1], indent) for name, state, error in writers)
    reading = read(text)
    assert [
        (event.fields["WriterName"], int(event.fields["State"]), event.fields["LastErrorKind"])
        for event in reading.of(Kind.VSS_WRITER)
    ] == [(name, state, error[0]) for name, state, error in writers]
    assert reading.only(Kind.VSS_LISTING).fields == {"Listing": "writers", "Count": str(len(writers))}
    assert reading.tally.lines_not_understood == 0


def test_a_writer_has_all_its_fields() -> None:
    event = read(_writer(LABELS["en"], "NTDS", 10, "Retryable error")).only(Kind.VSS_WRITER)
    assert event.fields == {
        "WriterName": "NTDS",
        "WriterId": WRITER_ID,
        "WriterInstanceId": INSTANCE_ID,
        "State": "10",
        "StateText": "Word",
        "LastError": "Retryable error",
        "LastErrorKind": "retryable",
    }


@pytest.mark.parametrize(
    "line",
    [
        "Writer name: 'NTDS' Writer Id: {b2014c9e-8711-4c5c-a5a9-3cf384484757} State: [10] Failed Last error: Retryable error",
        'Verfassername: "NTDS" Verfasserkennung: {…} Status: [10] Fehlgeschlagen Letzter Fehler: Wiederholbarer Fehler',
        "ライター名: ‘NTDS’ ライター Id: {…} 状態: [10] 失敗 最後のエラー: 再試行可能なエラー",
    ],
)
def test_a_writer_on_one_line_is_read_too(line: str) -> None:
    fields = read(line).only(Kind.VSS_WRITER).fields
    assert (fields["WriterName"], fields["State"], fields["LastErrorKind"]) == ("NTDS", "10", "retryable")


@pytest.mark.parametrize(
    ("text", "name", "kind", "version"),
    [
        (
            (
                "Fournisseur\u00a0: 'Microsoft Software Shadow Copy provider 1.0'\n   Type de fournisseur\u00a0: Système\n"
                "   ID du fournisseur\u00a0: {b5946137-7b9f-4925-af80-51abd60b20d5}\n   Version\u00a0: 1.0.0.7"
            ),
            "Microsoft Software Shadow Copy provider 1.0",
            "system",
            "1.0.0.7",
        ),
        (
            (
                "プロバイダー名: 'Hyper-V IC Software Shadow Copy Provider'\n   プロバイダーの種類: ソフトウェア\n"
                "   プロバイダー Id: {74600e39-7dc5-4567-a03b-f091d6c7b092}\n   バージョン: 1.0.0.0"
            ),
            "Hyper-V IC Software Shadow Copy Provider",
            "software",
            "1.0.0.0",
        ),
        (
            (
                "Provider name: 'Data ONTAP VSS Hardware Provider'\n   Provider type: Hardware\n"
                "   Provider Id: {ddd3d232-a96f-4ac5-8f7b-250fd91fd102}\n   Version: 7.1.4"
            ),
            "Data ONTAP VSS Hardware Provider",
            "hardware",
            "7.1.4",
        ),
    ],
)
def test_providers_are_read_in_french_japanese_and_english(text, name, kind, version) -> None:
    fields = read(text).only(Kind.VSS_PROVIDER).fields
    assert (fields["ProviderName"], fields["ProviderType"], fields["Version"]) == (name, kind, version)


SHADOWS = (
    r"""Contents of shadow copy set ID: {cdf70d69-615e-4c56-9359-c9ca584f0d3e}
   Contained 1 shadow copies at creation time: 25-08-2022 12:16:16
      Shadow Copy ID: {7c036cc7-93e5-4fcd-af60-7b6962dd711f}
         Original Volume: (C:)\\?\Volume{93e4830a-3122-41fd-acfa-b6c2e7f186ec}"""
    r"""\
         Shadow Copy Volume: \\?\GLOBALROOT\Device\HarddiskVolumeShadowCopy1
         Originating Machine: HV01
         Service Machine: HV01
         Provider: 'Microsoft Software Shadow Copy provider 1.0'
         Type: ClientAccessibleWriters
         Attributes: Persistent, No auto release
"""
)


def test_a_shadow_copy_has_its_volume_device_time_and_type() -> None:
    event = read(SHADOWS).only(Kind.SHADOW_COPY)
    assert event.fields == {
        "ShadowCopyId": "{7c036cc7-93e5-4fcd-af60-7b6962dd711f}",
        "ShadowSetId": "{cdf70d69-615e-4c56-9359-c9ca584f0d3e}",
        "OriginalVolume": "C:",
        "DeviceName": r"\\?\GLOBALROOT\Device\HarddiskVolumeShadowCopy1",
        "CreationTime": "2022-08-25T12:16:16",
        "ProviderName": "Microsoft Software Shadow Copy provider 1.0",
        "Type": "ClientAccessibleWriters",
    }
    assert event.time == 1661429776000000


def _association(on: str, used: str, maximum: str) -> str:
    volume = r"\\?\Volume{93e4830a-3122-41fd-acfa-b6c2e7f186ec}" + "\\"
    return (
        f"Schattenkopie-Speicherassoziation\n   Für Volume: (C:){volume}\n   Schattenkopie-Speichervolume: {on}\n"
        f"   Verwendeter Speicher: {used} (1%)\n   Zugewiesener Speicher: 2.00 GB (1%)\n   Maximaler Speicher: {maximum} (1%)\n"
    )


@pytest.mark.parametrize(
    ("used", "maximum", "used_bytes", "maximum_bytes", "percent"),
    [
        ("1.93 GB", "2.00 GB", "2072321720", "2147483648", "96.5"),
        ("7,52 GB", "10,0 GB", "8074538516", "10737418240", "75.2"),
        ("512 MB", "UNBOUNDED", "536870912", "unbounded", None),
        ("0 B", "制限なし", "0", "unbounded", None),
        ("1,5\u00a0Go", "3\u00a0Go", "1610612736", "3221225472", "50"),
    ],
)
def test_shadow_storage_is_read_in_bytes(used, maximum, used_bytes, maximum_bytes, percent) -> None:
    on = r"(D:)\\?\Volume{83e4830a-3122-41fd-acfa-b6c2e7f186ec}" + "\\"
    fields = read(_association(on, used, maximum)).only(Kind.SHADOW_STORAGE).fields
    assert (fields["UsedBytes"], fields["MaximumBytes"]) == (used_bytes, maximum_bytes)
    assert (fields.get("UsedPercentOfMaximum"), fields["SameVolume"]) == (percent, "false")
    assert (fields["ForVolume"], fields["StorageVolume"]) == ("C:", "D:")


def test_a_guid_that_the_console_has_wrapped_is_joined() -> None:
    text = _association("(C:)\\\\?\\Volume{93e4830a-3122-41fd-acfa-b6c2\ne7f186ec}\\", "1 GB", "2 GB")
    assert read(text).only(Kind.SHADOW_STORAGE).fields["SameVolume"] == "true"


def test_volumes_are_counted() -> None:
    text = "Volumepfad: C:\\\n    Volumename: \\\\?\\Volume{a27b9cf1-f3e2-4640-98ad-a265abc11124}\\\n"
    assert read(text).only(Kind.VSS_LISTING).fields == {"Listing": "volumes", "Count": "1"}


@pytest.mark.parametrize(
    ("text", "name", "listing", "codes"),
    [
        ("vssadmin 1.1 – ボリューム シャドウ コピー サービス管理コマンド ライン ツール\n", "x.txt", "writers", ()),
        (
            "vssadmin 1.1 - V\n(C) Copyright\n\nNo items found that satisfy the query.",
            "vssadmin-list-shadows.txt",
            "shadows",
            (),
        ),
        (
            "C:\\>vssadmin list providers\nvssadmin 1.1 - V\n\nError: 0x8000FFFF\n",
            "x.txt",
            "providers",
            ("0x8000FFFF",),
        ),
    ],
)
def test_an_empty_listing_is_an_event_of_its_own(text, name, listing, codes) -> None:
    event = read(text, name).only(Kind.VSS_LISTING)
    assert event.fields == {"Listing": listing, "Count": "0"}
    assert event.codes == codes


def test_a_bare_error_is_vssadmins_where_the_files_name_says_so() -> None:
    event = read("Error: 0x8000FFFF\n", "HV01-vssadmin.txt").only(Kind.TEXT)
    assert (event.provider, event.codes) == ("vssadmin", ("0x8000FFFF",))
