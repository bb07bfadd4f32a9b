"""What an export would show is what the rules look for in it, of the causes that it tells of."""

import pytest

from diagnostics.case.collecting import Missing, missing
from diagnostics.case.places import Places
from diagnostics.case.promises import Promises
from diagnostics.case.topology import Role, read_topology
from diagnostics.diagnosis import Knowledge
from diagnostics.knowledge.catalog import load_catalog
from diagnostics.rules.index import RuleSet
from diagnostics.rules.packs import SHIPPED, load_from
from engine.pipeline import Component, Scope

ROLES = {"HV01": Role.HOST, "SQL01": Role.GUEST, "DPM01": Role.DPM_SERVER}


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return Knowledge(RuleSet.compile(load_from([SHIPPED]).rules), load_catalog(), ())


def links(knowledge, export, machine):
    topology = read_topology([], ROLES, ROLES)
    (item,) = [one for one in missing(topology, [], []) if (one.export.id, one.machine) == (export, machine)]
    return item, promised(knowledge, item, topology)


def promised(knowledge, item: Missing, topology):
    signs = Promises(knowledge.rules.rules, Places(topology), knowledge.catalog).signs(item)
    return signs, {link.cause: link for sign in signs for link in sign.links}


def test_a_log_of_a_guest_speaks_of_that_guest_and_a_log_of_a_host_of_the_host(knowledge):
    of_guest = links(knowledge, "application-log", "SQL01")[1][1]
    of_host = links(knowledge, "application-log", "HV01")[1][1]
    assert of_guest["guest-vss-stuck"].scope is Scope.VM
    assert of_host["vss-coordinator-stuck"].scope is Scope.HOST
    assert "guest-vss-stuck" not in of_host


def test_an_export_promises_only_what_it_tells_of(knowledge):
    for machine in ROLES:
        topology = read_topology([], ROLES, ROLES)
        for item in missing(topology, [], []):
            told = {knowledge.catalog.causes[cause].component for cause in promised(knowledge, item, topology)[1]}
            tells = {component for of_role in item.export.tells.values() for component in of_role}
            assert told <= tells, (machine, item.export.id)


def test_rules_of_one_family_are_one_sign(knowledge):
    _, (signs, _) = links(knowledge, "writers", "SQL01")
    families = {rule.family or rule.name for rule in knowledge.rules.rules if rule.logsource.service == "vss-writers"}
    assert 1 <= len(signs) <= len(families)


def test_where_no_rule_reads_a_source_the_collection_says_what_it_tells(knowledge):
    _, (signs, told) = links(knowledge, "agent-trace", "HV01")
    assert {knowledge.catalog.causes[cause].component for cause in told} >= {Component.DPM_AGENT_COMM}
    assert all(0.0 < link.sensitivity < 1.0 for sign in signs for link in sign.links)
