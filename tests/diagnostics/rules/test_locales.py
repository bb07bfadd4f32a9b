"""Rules know ids, codes, values and names, which are the same in every language; few know sentences."""

from collections.abc import Callable

import msgspec
import pytest

from diagnostics.event import Event, Kind
from diagnostics.knowledge.catalog import load_catalog
from diagnostics.rules.lint import Severity, lint
from diagnostics.rules.packs import SHIPPED, load_from
from diagnostics.rules.rule import Rule
from diagnostics.rules.samples import Sample, answers, read_samples
from tests.diagnostics.cases.rewording import TONGUES, translate

PACK = load_from([SHIPPED])
TEXTUAL = {
    "agent-coordinator-text",
    "agent-offline-text",
    "agent-rpc-unavailable-text",
    "agent-version-text",
    "antivirus-named-text",
    "backup-already-running",
    "backup-chain-text",
    "backup-target-unreachable-text",
    "cannot-be-backed-up-online",
    "certificate-text",
    "change-journal-text",
    "change-tracking-text",
    "checkpoint-creation-failed-text",
    "checkpoint-file-exists",
    "checkpoint-forbidden-by-device",
    "checkpoint-no-space",
    "client-not-reached-text",
    "clock-skew-text",
    "cluster-state-text",
    "connection-reset-text",
    "credentials-refused-text",
    "csv-not-available-text",
    "device-error-text",
    "disk-full-text",
    "disk-merge-failed-text",
    "disk-not-supported-text",
    "dpm-database-text",
    "dpm-service-stopped-text",
    "dpm-volume-full-text",
    "dynamic-disk-code",
    "file-in-use-text",
    "filesystem-damage-text",
    "freeze-timeout-text",
    "guest-agent-silent-text",
    "guest-cluster-collection-failed",
    "guest-cluster-text",
    "guest-not-reached-text",
    "guest-quiesce-failed-text",
    "hyperv-writer-error-reported",
    "integration-services-text",
    "logs-not-truncated-text",
    "machine-critical-text",
    "merge-pending-text",
    "name-not-resolved-text",
    "network-name-lost-text",
    "no-logon-server-text",
    "no-scsi-controller",
    "no-system-resources-text",
    "proxy-refused-text",
    "recovery-checkpoint-in-the-way",
    "remote-access-denied-text",
    "replica-inconsistent-text",
    "requestor-not-elevated",
    "security-product-text",
    "shadow-copy-lost-text",
    "shadow-copy-lun-missing-text",
    "shadow-storage-text",
    "share-access-denied-text",
    "snapshot-error-status-text",
    "snapshot-keepalive-lost-text",
    "snapshot-no-space-text",
    "sql-backup-medium-text",
    "sql-backup-refused-text",
    "sql-worker-threads-exhausted",
    "sql-writer-named-in-error",
    "storage-slow-text",
    "system-provider-veto-code",
    "system-writer-file-missing-text",
    "system-writer-rejected-at-thaw",
    "vendor-provider-text",
    "vhdmp-slow-text",
    "volume-without-vss-text",
    "vss-service-disabled-text",
    "writer-of-product-text",
    "writer-vetoed-text",
    "writes-not-held-text",
}
"""Rules that some event meets only by its words. What they know are messages of consoles and reports, or errors that
lost their number on the way; each knows short pieces in several languages. Add to this list only where nothing else
exists in the real world."""


def hits(rule: Rule) -> tuple[Sample, ...]:
    return read_samples(rule)[0].hits


def in_other_language(event: Event, tongue: str) -> Event:
    return msgspec.structs.replace(event, text=translate(event.text, tongue))


@pytest.mark.parametrize("tongue", TONGUES)
def test_only_rules_on_sentences_miss_their_events_in_another_language(tongue: str) -> None:
    textual = {
        rule.name
        for rule in PACK.rules
        if not all(answers(rule, in_other_language(hit.event, tongue)) for hit in hits(rule))
    }
    assert textual == TEXTUAL


def test_a_record_without_a_rendered_message_is_met_by_its_values() -> None:
    """As in a raw EVTX file, or where the message file of the provider is missing."""
    assert blind_where(lambda event: msgspec.structs.replace(event, text="")) == []


def test_values_of_a_record_may_be_in_any_language() -> None:
    """Display names of services and the texts of system errors are values, and translated."""

    def foreign(event: Event) -> Event:
        values = {name: translate(value, "german") for name, value in event.fields.items()}
        return msgspec.structs.replace(in_other_language(event, "german"), fields=values)

    assert blind_where(foreign) == []


def blind_where(changed: Callable[[Event], Event]) -> list[str]:
    """The rules on records that meet none of theirs any more."""
    blind = []
    for rule in PACK.rules:
        records = [hit.event for hit in hits(rule) if hit.event.kind is Kind.RECORD]
        if records and rule.name not in TEXTUAL and not any(answers(rule, changed(event)) for event in records):
            blind.append(rule.name)
    return blind


def test_rules_on_sentences_know_more_than_one_language() -> None:
    assert [str(issue) for issue in lint(PACK, load_catalog()) if issue.severity is Severity.WARNING] == []
