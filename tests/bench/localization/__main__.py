"""The localization benchmark: the table of docs/localization.md, with its goals.

usage: python -m tests.bench.localization [--quick] [--diagram FILE.svg] [--confusions]
       python -m tests.bench.localization fit      (writes diagnostics/localize/calibration.yml)
"""

import argparse
import sys
import time
from pathlib import Path

from diagnostics.localize import calibration
from tests.bench.localization.diagram import reliability_diagram
from tests.bench.localization.fitting import fit
from tests.bench.localization.suites import dig_all, run, suites
from tests.bench.localization.table import confusions, goals, heading, misses, reliability, row, words


def main() -> int:
    """Print the table; 1 where a goal is missed."""
    arguments = _arguments()
    if arguments.what == "fit":
        document = fit().document()
        Path(calibration.__file__).with_suffix(".yml").write_text(document, encoding="utf-8")
        print(document)
        return 0
    began = time.perf_counter()
    results = {}
    print(heading())
    for name, of_suite in run(suites(quick=arguments.quick)):
        results[name] = of_suite
        faulty = bool(of_suite[0].causes)
        print(row(name, of_suite) if faulty else f"{name} (n = {len(of_suite)})", flush=True)
        print(f"  {words(of_suite)}", flush=True)
    dug = dig_all(quick=arguments.quick)
    print("\nunknown cause, yet a wrong component asserted\n" + "\n".join(misses(results["unknown cause"])))
    if arguments.confusions:
        print("\nnot first\n" + "\n".join(confusions(results["one fault"])))
        print("\nwrong, yet asserted\n" + "\n".join(misses(results["one fault"])))
    reached = goals(results, dug)
    print("\n" + "\n".join(goal.line() for goal in reached))
    print(f"\n{time.perf_counter() - began:.0f} s")
    if arguments.diagram:
        said = reliability_diagram(reliability(results), "Localization: said and true")
        arguments.diagram.write_text(said, encoding="utf-8")
    return int(not all(goal.met for goal in reached))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.localization")
    parser.add_argument("what", nargs="?", choices=("table", "fit"), default="table", help="fit: the temperature")
    parser.add_argument("--quick", action="store_true", help="a tenth of the nights")
    parser.add_argument("--diagram", type=Path, metavar="FILE.svg", help="where to draw said against true")
    parser.add_argument("--confusions", action="store_true", help="what stands before the true component, by cause")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
