"""Real cases in many wordings, orders and amounts of unrelated records: how many are told right, against the originals.

usage: python -m tests.bench.bench_wording [SEEDS]     (default 10; exits 1 where a figure falls short)
"""

import sys
import time
from collections import defaultdict
from collections.abc import Collection, Sequence
from functools import partial

from tests.diagnostics.cases import variants
from tests.diagnostics.cases.bundles import answer_to, real_cases
from tests.diagnostics.cases.hay import in_hay
from tests.diagnostics.cases.rewording import TONGUES
from tests.diagnostics.cases.scoring import TOLERANCE, WORDS_ALONE, Figures, score
from tests.shared import SHARED

HAY = 10_000
"""Unrelated records of a bundle's own machines."""
Changes = Sequence[variants.Variant]


def measured(change: variants.Variant, without: Collection[str] = ()) -> Figures:
    """The figures of all cases, changed; of those that have such a form."""
    changed = [(case, change(case.bundle)) for case in real_cases() if case.id not in without]
    return score((case, answer_to(bundle)) for case, bundle in changed if bundle is not None)


def main() -> int:
    """Print a line per kind of change: the worst figures over all seeds."""
    if SHARED is None:
        print("no shared material: nothing measured (set SHINDAN_SHARED)")
        return 0
    seeds = range(int(sys.argv[1]) if len(sys.argv) > 1 else 10)
    kinds: dict[str, tuple[Changes, Collection[str]]] = {
        "original": ([dict], ()),
        "retold": ([partial(variants.reworded, seed=seed) for seed in seeds], ()),
        "shuffled": ([partial(variants.shuffled, seed=seed) for seed in seeds], ()),
        "encodings": (list(variants.ENCODINGS.values()), ()),
        f"{HAY:,} records": ([partial(in_hay, count=HAY, seed=seed) for seed in seeds[:1]], ()),
    }
    for tongue in TONGUES:
        kinds[tongue] = [partial(variants.translated, tongue=tongue, seed=seed) for seed in seeds], WORDS_ALONE
    missed = False
    for name, (changes, without) in kinds.items():
        started = time.perf_counter()
        goal = measured(dict, without)
        figures = [measured(change, without) for change in changes]
        top1, top3 = min(one.top1 for one in figures), min(one.top3 for one in figures)
        blamed = sorted({case for one in figures for case in one.noise_blamed})
        seconds = (time.perf_counter() - started) / (len(changes) + 1)
        print(f"{name:16} x{len(changes):<3} worst top1 {top1:.3f} top3 {top3:.3f}  {seconds:6.1f} s each  {blamed}")
        missed |= top1 < goal.top1 - TOLERANCE or top3 < goal.top3 - TOLERANCE or bool(blamed)
    print_rules_on_words()
    return int(missed)


def print_rules_on_words() -> None:
    """Which rules the words of a case alone make fire: in another language they are silent."""
    silent: dict[str, list[str]] = defaultdict(list)
    for case in real_cases():
        translated = variants.translated(case.bundle, "german")
        for rule in sorted(answer_to(case.bundle).rules - answer_to(translated).rules):
            silent[rule].append(case.id)
    of_cases = {case for cases in silent.values() for case in cases}
    print(f"{len(silent)} rules fire on words alone, in {len(of_cases)} of {len(real_cases())} cases:")
    for rule, cases in sorted(silent.items()):
        print(f"    {rule:34} {', '.join(cases)}")
    print(f"excused from translation, for want of anything else: {', '.join(sorted(WORDS_ALONE))}")


if __name__ == "__main__":
    sys.exit(main())
