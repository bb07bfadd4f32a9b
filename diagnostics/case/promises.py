"""What an export that nobody handed in would show: the signs of each cause that the rules look for in such a source.

What `collect.yml` says of an export (`tells`) decides which components it speaks of. How surely, the rules know that
read such logs and lists; where none does, as of alerts and traces, that table says it as well.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from diagnostics.case.collecting import Missing
from diagnostics.case.coverage import CHANNELS, TRUST
from diagnostics.case.observations import links_of
from diagnostics.case.places import Places
from diagnostics.case.topology import Role
from diagnostics.event import Event, Kind
from diagnostics.knowledge.catalog import Catalog
from diagnostics.knowledge.catalog import Role as ExportRole
from diagnostics.knowledge.collection import Export
from diagnostics.localize.next_evidence import Sign
from diagnostics.localize.problem import OTHER, Link
from diagnostics.rules.rule import Polarity, Rule
from engine.pipeline import Component, Scope

_SPURIOUS = 0.05
"""P(an export shows something of a component that is not at fault), where no rule says it."""
_LISTED = {
    Kind.VSS_WRITER: "writers",
    Kind.VSS_PROVIDER: "providers",
    Kind.SHADOW_COPY: "shadows",
    Kind.SHADOW_STORAGE: "shadowstorage",
}
"""Which listing of vssadmin holds which kind of event."""


class Promises:
    """What each export would show, by the rules."""

    def __init__(self, rules: Iterable[Rule], places: Places, catalog: Catalog) -> None:
        self._rules = [rule for rule in rules if rule.polarity in {Polarity.FAULT, Polarity.SYMPTOM}]
        self._places = places
        self._catalog = catalog
        self._reading: dict[str, list[tuple[Rule, Kind]]] = {}

    def signs(self, item: Missing) -> tuple[Sign, ...]:
        """The signs that an export of a machine may hold: one for each family of rules, which echo each other."""
        tells = item.export.tells.get(ExportRole(item.role), {})
        families: defaultdict[str, list[tuple[tuple[Link, ...], float]]] = defaultdict(list)
        known: set[Component] = set()
        for rule, kind in self._rules_of(item.export):
            would_be = Event(kind=kind, source="", record=0, machine=item.machine)
            links = tuple(self._trusted(links_of(would_be, rule, self._places, self._catalog), tells))
            known |= {self._catalog.causes[link.cause].component for link in links}
            if links:
                families[rule.family or rule.name].append((links, rule.spurious))
        found = [_strongest(members) for members in families.values()]
        found += [
            self._of_component(item, component, tells[component]) for component in tells if component not in known
        ]
        return tuple(sign for sign in found if sign.links)

    def _rules_of(self, export: Export) -> list[tuple[Rule, Kind]]:
        """The rules that read such an export, and the kind of event that they would find in it."""
        if export.id not in self._reading:
            self._reading[export.id] = [
                (rule, kind) for rule in self._rules if (kind := _kind_in(export, rule)) is not None
            ]
        return self._reading[export.id]

    def _trusted(self, links: Iterable[Link], tells: Iterable[Component]) -> Iterator[Link]:
        for link in links:
            if link.cause != OTHER and self._catalog.causes[link.cause].component in tells:
                yield link._replace(sensitivity=TRUST * link.sensitivity)

    def _of_component(self, item: Missing, component: Component, sensitivity: float) -> Sign:
        home = {Role.GUEST: Scope.VM, Role.HOST: Scope.HOST}.get(item.role, Scope.SITE)
        causes = (cause for cause in self._catalog.causes.values() if cause.component == component)
        links = (Link(home if home in cause.scopes else cause.scopes[0], cause.id, sensitivity) for cause in causes)
        return Sign(tuple(links), _SPURIOUS)


def _kind_in(export: Export, rule: Rule) -> Kind | None:
    """As which kind of event a rule finds what it looks for in an export; None where it does not read it."""
    kind = rule.home
    if kind is None:
        return None  # what says the same wherever it is printed is mostly in the reports of jobs
    if kind is Kind.RECORD:
        service = rule.logsource.service
        channel = CHANNELS.get(service, f"microsoft-windows-{service}".casefold())
        return kind if channel in {known.casefold().replace("/", "-") for known in export.have.channels} else None
    return kind if kind in export.have.kinds or _LISTED.get(kind) in export.have.listings else None


def _strongest(members: Iterable[tuple[tuple[Link, ...], float]]) -> Sign:
    """Rules of one family as one sign: each cause as sure as the surest of them."""
    best: dict[tuple[Scope, str, str], Link] = {}
    spurious = 0.0
    for links, chance in members:
        spurious = max(spurious, chance)
        for link in links:
            place = (link.scope, link.cause, link.plate)
            if place not in best or best[place].sensitivity < link.sensitivity:
                best[place] = link
    return Sign(tuple(best.values()), spurious)
