"""Each cause that is shipped has rules, samples, a remedy and documentation; what lacks one is named."""

import msgspec

from diagnostics.handbook.completeness import FLOORS, completeness, shortfalls
from diagnostics.handbook.holdings import Library
from diagnostics.knowledge.catalog import Catalog
from tests.diagnostics.handbook.test_lookup import LIBRARY


def test_no_shipped_cause_lacks_anything_and_there_are_enough_of_all():
    assert {row.cause: row.holes for row in completeness(LIBRARY) if row.holes} == {}
    assert shortfalls(LIBRARY) == []
    assert FLOORS == {"rules": 150, "causes": 90, "remedies": 70}


def test_what_a_cause_lacks_is_named():
    known = LIBRARY.catalog.causes["diff-area-limit"]
    bare = msgspec.structs.replace(known, id="bare", remedies=(), reason="", confirm=(), references=())
    library = Library(tuple(LIBRARY.rules.values())[:5], Catalog({"bare": bare}, {}, {}))
    (row,) = completeness(library)
    assert row.holes == ("a rule", "a remedy, or a reason for none", "how to confirm", "a reference")
    assert shortfalls(library) == ["5 rules, fewer than 150", "1 causes, fewer than 90", "0 remedies, fewer than 70"]


def test_a_reason_stands_in_for_a_remedy():
    known = LIBRARY.catalog.causes["diff-area-limit"]
    cause = msgspec.structs.replace(known, remedies=(), reason="It comes back by itself.")
    (row,) = completeness(Library(tuple(LIBRARY.rules.values()), Catalog({cause.id: cause}, {}, {})))
    assert (row.remedy, row.holes) == ("none: It comes back by itself.", ())
