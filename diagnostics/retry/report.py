"""A retry, in lines for people."""

from collections.abc import Iterator, Sequence

from diagnostics.report.phrases import RISKS, command_line, counted
from diagnostics.retry.plan import Plan
from diagnostics.retry.trying import JobTried, Retried


def lines_of(told: Retried) -> Iterator[str]:
    """The whole of it: the plan, before and after, what was verified."""
    yield _headline(told)
    yield ""
    yield from told.basis
    yield ""
    yield from plan_lines(told.plan)
    yield ""
    yield from _jobs("Before", told.before)
    yield from _jobs("After", told.after)
    yield ""
    yield verified_line(told)


def _headline(told: Retried) -> str:
    vms = ", ".join(told.plan.vms)
    if told.recovered:
        return f"Recovered: with {told.plan.remedy.id}, {vms} can be backed up again."
    return f"Not recovered: {told.plan.remedy.id} does not bring back the backup of {vms}."


def plan_lines(plan: Plan) -> Iterator[str]:
    """What a remedy changes in the lab, and what it would be on the real machines."""
    remedy = plan.remedy
    yield f"Suspected: {plan.cause} on {plan.plate}"
    yield f"Remedy: {remedy.title} ({RISKS.get(remedy.risk, remedy.risk)}; on the {remedy.role})"
    yield "In the lab it " + _effect(plan)
    yield "On the real machines nothing was done. There it would be:"
    for text in plan.before:
        yield f"  first make sure: {text}"
    for number, step in enumerate(remedy.steps, 1):
        yield f"  {number}. {step.do}"
        if step.run:
            yield f"     {command_line(step.run)}"
    if remedy.undo:
        yield f"  undo: {remedy.undo}"
    if remedy.verify:
        yield f"  then check: {remedy.verify}"


def _effect(plan: Plan) -> str:
    if plan.takes_away:
        return f"takes away {', '.join(plan.takes_away)}."
    if plan.offline:
        return f"lets {', '.join(plan.offline)} be saved and backed up offline."
    return "changes nothing that is wrong there."


def _jobs(heading: str, jobs: Sequence[JobTried]) -> Iterator[str]:
    for job in jobs:
        failed = f"failed at {job.stage or 'an unknown stage'}, {job.error}"
        ended = failed if job.outcome == "failed" else "recovery point"
        about = f"{job.vm} on {job.host}, {job.mode}, attempt {job.attempt}"
        yield f"{heading + ':':8} {about}: {ended}; {job.bytes_sent} bytes sent"


def verified_line(told: Retried) -> str:
    """What the recovery points of a retry were found to be."""
    if told.damage:
        return f"Damaged: {'; '.join(told.damage)}"
    if not told.points:
        return "There is no new recovery point to verify."
    points = counted(len(told.points), "new recovery point")
    return f"Verified: {points}, read whole; every block matches its digest."
