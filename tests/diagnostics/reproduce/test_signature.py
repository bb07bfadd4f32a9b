"""What a signature is of a case, and what it is not."""

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from diagnostics.event import Kind
from diagnostics.reproduce.signature import Log, signature_of
from engine.pipeline import Scope
from tests.bench.localization.faults import MINUTE
from tests.bench.localization.logbook import DAY
from tests.bundled import diagnosis_of
from tests.diagnostics.test_metamorphic import at_another_time, called_otherwise, nights, other_names, understand

fewest = settings(max_examples=2, suppress_health_check=[HealthCheck.too_slow])


def test_it_tells_in_order_what_the_machines_of_the_failed_job_logged():
    signature = signature_of(diagnosis_of("guest-sql-writer").case)
    told = [(token.what, token.role, token.codes) for token in signature.tokens]
    guest, host, site = (
        told.index(("VSS/8229", Scope.VM, ("0x800423F4",))),
        told.index(("VSS/8229", Scope.HOST, ("0x800423F3",))),
        told.index(("job failed", Scope.SITE, ("0x800423F3", "ID 30112"))),
    )
    assert guest < host < site
    assert len(told) == len(set(told))


def test_it_names_no_machine_and_holds_no_noise():
    case = diagnosis_of("guest-sql-writer").case
    told = " ".join(str(token) for token in signature_of(case).tokens)
    assert not any(name in told for name in case.topology.machines)
    assert "VSS/8224" not in told


def test_it_knows_which_logs_it_was_made_from():
    logs = signature_of(diagnosis_of("host-hyperv-writer").case).logs
    assert Log(Scope.HOST, Kind.RECORD, "system") in logs
    assert not any(log.role is Scope.VM for log in logs)


def test_what_a_good_night_logs_as_well_can_be_taken_from_it():
    bad, good = (signature_of(diagnosis_of(name).case) for name in ("guest-sql-writer", "healthy-online"))
    rest = bad.without(good)
    assert {"DPMRA (trace-snapshot-made)"} <= {token.what for token in bad.tokens}
    assert not {token.what for token in rest.tokens} & {token.what for token in good.tokens}
    assert rest.logs == bad.logs


@fewest
@given(nights(fewest=1), st.randoms(use_true_random=False))
def test_it_is_the_same_on_machines_of_other_names(night, chance):
    case = understand(night.reading)
    assume(all(machine.name.upper() in night.reading.machines for machine in case.topology.machines.values()))
    renamed = called_otherwise(night.reading, other_names(case, night.reading, chance))
    assert set(signature_of(understand(renamed)).tokens) == set(signature_of(case).tokens)


@fewest
@given(nights(fewest=1), st.integers(-1000, 1000), st.integers(0, 1439))
def test_it_is_the_same_at_another_time(night, days, minutes):
    later = at_another_time(night.reading, days * DAY + minutes * MINUTE)
    assert signature_of(understand(later)) == signature_of(understand(night.reading))
