"""Reading a scenario from its file, with the place of everything that is wrong in it."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec

from engine.datafiles.documents import Path_, Problem, YamlDocument, read
from engine.datafiles.schema import typed
from engine.lab.faults import FaultError, parse_fault
from engine.lab.scenario import Host, Scenario, VirtualMachine
from engine.pipeline import Scope
from engine.vss.identities import CLASS_IDS

FILE = "scenario.yml"


class ScenarioError(Exception):
    """A scenario cannot be used; the message has a line for each problem, with its place and what was expected."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, problems)))


def read_scenario(path: Path) -> Scenario:
    """A scenario from its file, or from a folder that holds a `scenario.yml`. Raises ScenarioError."""
    document, problems = read(path / FILE if path.is_dir() else path)
    if document is None:
        raise ScenarioError(problems)
    scenario, problems = typed(Scenario, document)
    if scenario is not None:
        problems = list(_contradictions(scenario, document))
    if scenario is None or problems:
        raise ScenarioError(problems)
    return scenario


def write_scenario(scenario: Scenario, folder: Path) -> Path:
    """Write a scenario so that `read_scenario` finds it in the folder. Raises OSError."""
    file = folder / FILE
    file.write_bytes(msgspec.yaml.encode(scenario))
    return file


def _contradictions(scenario: Scenario, document: YamlDocument) -> Iterator[Problem]:
    """What is well-formed and yet cannot be."""
    if scenario.start.tzinfo is None:
        yield document.problem(("start",), "start has no time zone", "a time that ends in Z or an offset")
    names = Counter(name.upper() for name, _ in _named(scenario))
    for name, path in _named(scenario):
        if names[name.upper()] > 1:
            yield document.problem(path, f"{name} is the name of more than one machine", "different names")
    for number, host in enumerate(scenario.hosts):
        for place, vm in enumerate(host.virtual_machines):
            yield from _of_machine(host, vm, document, ("hosts", number, "virtual_machines", place))
    yield from _of_references(scenario, document)
    for number, text in enumerate(scenario.faults):
        try:
            parse_fault(text).placed(scenario.machines())
        except FaultError as error:
            yield document.problem(("faults", number), str(error), error.expected)


def _of_references(scenario: Scenario, document: YamlDocument) -> Iterator[Problem]:
    """What names machines that are not there."""
    known = {name for name, _ in _named(scenario)}
    for number, name in enumerate(scenario.collected):
        if name not in known:
            yield document.problem(("collected", number), f"there is no {name}", f"one of {', '.join(sorted(known))}")
    plates = [Scope.SITE.value, *scenario.machines()]
    for number, noise in enumerate(scenario.noise):
        if noise.plate not in plates:
            yield document.problem(
                ("noise", number, "plate"), f"there is no {noise.plate}", f"one of {', '.join(plates)}"
            )


def _named(scenario: Scenario) -> Iterator[tuple[str, Path_]]:
    yield scenario.site.server, ("site", "server")
    for number, host in enumerate(scenario.hosts):
        yield host.name, ("hosts", number, "name")
        for place, vm in enumerate(host.virtual_machines):
            yield vm.name, ("hosts", number, "virtual_machines", place, "name")


def _of_machine(host: Host, vm: VirtualMachine, document: YamlDocument, path: Path_) -> Iterator[Problem]:
    drives = [volume.name for volume in host.volumes]
    for key in ("host_volume", "checkpoint_volume"):
        wanted = getattr(vm, key)
        if wanted is not None and wanted not in drives:
            yield document.problem((*path, key), f"{host.name} has no volume {wanted}", f"one of {', '.join(drives)}")
    if not vm.volumes:
        yield document.problem((*path, "volumes"), f"{vm.name} has no disk", "at least one volume")
    for number, writer in enumerate(vm.writers):
        if writer not in CLASS_IDS:
            known = ", ".join(sorted(CLASS_IDS))
            yield document.problem((*path, "writers", number), f"no writer is called {writer!r}", f"one of {known}")
