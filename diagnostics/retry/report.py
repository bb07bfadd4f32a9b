"""A retry, in lines for people."""

from collections.abc import Iterator, Sequence

from rich.cells import set_cell_size

from diagnostics.language import in_words, say
from diagnostics.report.phrases import RISKS, command_line, counted
from diagnostics.retry.plan import Plan
from diagnostics.retry.trying import JobTried, Retried


def lines_of(told: Retried) -> Iterator[str]:
    """The whole of it in the user's language: the plan, before and after, what was verified."""
    told = in_words(told)
    yield _headline(told)
    yield ""
    yield from told.basis
    yield ""
    yield from plan_lines(told.plan)
    yield ""
    if told.plan.left:
        yield say("Left aside, out of reach of what is suspected: {vms}", vms=", ".join(told.plan.left))
    yield from _jobs(say("Before"), told.before)
    yield from _jobs(say("After"), told.after)
    yield ""
    yield verified_line(told)
    if told.caveat:
        yield told.caveat


def _headline(told: Retried) -> str:
    vms = ", ".join(told.plan.vms)
    if told.recovered and told.caveat:
        return say(
            "Recovered in the lab: with {remedy}, {vms} can be backed up again there.",
            remedy=told.plan.remedy.id, vms=vms,
        )  # fmt: skip
    if told.recovered:
        return say("Recovered: with {remedy}, {vms} can be backed up again.", remedy=told.plan.remedy.id, vms=vms)
    return say("Not recovered: {remedy} does not bring back the backup of {vms}.", remedy=told.plan.remedy.id, vms=vms)


def plan_lines(plan: Plan) -> Iterator[str]:
    """What a remedy changes in the lab, and what it would be on the real machines."""
    plan = in_words(plan)
    remedy = plan.remedy
    risk, role = say(RISKS.get(remedy.risk, remedy.risk)), say(remedy.role)
    yield say("Suspected: {cause} on {plate}", cause=plan.cause, plate=plan.plate)
    yield say("Remedy: {title} ({risk}; on the {role})", title=remedy.title, risk=risk, role=role)
    yield _effect(plan)
    yield say("On the real machines nothing was done. There it would be:")
    for text in plan.before:
        yield "  " + say("first make sure: {what}", what=text)
    for number, step in enumerate(remedy.steps, 1):
        yield f"  {number}. {step.do}"
        if step.run:
            yield f"     {command_line(step.run)}"
    if remedy.undo:
        yield "  " + say("undo: {what}", what=remedy.undo)
    if remedy.verify:
        yield "  " + say("then check: {what}", what=remedy.verify)


def _effect(plan: Plan) -> str:
    if plan.takes_away:
        return say("In the lab it takes away {faults}.", faults=", ".join(plan.takes_away))
    if plan.offline:
        return say("In the lab it lets {vms} be saved and backed up offline.", vms=", ".join(plan.offline))
    return say("In the lab it changes nothing that is wrong there.")


def _jobs(heading: str, jobs: Sequence[JobTried]) -> Iterator[str]:
    for job in jobs:
        about = say(
            "{vm} on {host}, {mode}, attempt {attempt}",
            vm=job.vm, host=job.host, mode=say(job.mode), attempt=job.attempt,
        )  # fmt: skip
        sent = say("{bytes} bytes sent", bytes=f"{job.bytes_sent:,}")
        yield f"{set_cell_size(f'{heading}:', 8)} {about}: {_ended(job)}; {sent}"


def _ended(job: JobTried) -> str:
    if job.outcome != "failed":
        return say("recovery point")
    stage = say(job.stage) if job.stage else say("an unknown stage")
    return say("failed at {stage}, {error}", stage=stage, error=job.error)


def verified_line(told: Retried) -> str:
    """What the recovery points of a retry were found to be."""
    if told.damage:
        return say("Damaged: {what}", what="; ".join(told.damage))
    if not told.points:
        return say("There is no new recovery point to verify.")
    points = counted(len(told.points), "1 new recovery point", "{count} new recovery points")
    return say("Verified: {points}, read whole; every block matches its digest.", points=points)
