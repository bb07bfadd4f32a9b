"""What `diagnose` does. Data goes to stdout, narration and progress to stderr."""

import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import click

from diagnostics.complaints import complain
from diagnostics.diagnosis import Diagnosis, Knowledge, diagnose, load_knowledge
from diagnostics.evidence.clock import UnknownZoneError
from diagnostics.evidence.intake import UnreadableInput
from diagnostics.evidence.inventory import DUPLICATE
from diagnostics.exit_codes import FAIL_ON, ExitCode
from diagnostics.progress import watched
from diagnostics.report import json_schema, print_verdict, to_json
from diagnostics.request import Options, UsageError, request_of
from diagnostics.samples import near
from diagnostics.verdict import Verdict
from engine.sentence import Sentence

FurtherWork = Callable[[Diagnosis, Knowledge], bool]
"""What is done with a diagnosis before it is printed; it may add to its verdict. False: it was interrupted."""


def run(options: Options, further: FurtherWork | None = None) -> ExitCode:
    """Do what the options ask, and say with which code to exit.

    Raises:
        click.UsageError: an option that cannot be understood.
    """
    try:
        if options.schema:
            _write(json_schema(), options.output)
            return ExitCode.HEALTHY
        return _diagnose(options, further)
    except (UsageError, UnknownZoneError) as error:
        raise click.UsageError(*error.args) from error
    except UnreadableInput as error:
        meant = next(filter(None, map(near, options.paths)), "")
        return _stop(Sentence("{problem}; {meant}", problem=error.args[0], meant=meant) if meant else error)
    except OSError as error:
        return _stop(f"{error.filename or options.output or 'output'}: {error.strerror}")
    except KeyboardInterrupt:
        complain(Sentence("interrupted"))
        return ExitCode.INTERRUPTED


def _diagnose(options: Options, further: FurtherWork | None) -> ExitCode:
    request = request_of(options)
    knowledge = load_knowledge(request.rules)
    with watched(sys.stderr) as watcher:
        diagnosis = diagnose(request, watcher, knowledge)
    for problem in diagnosis.problems:
        complain(str(problem))
    if diagnosis.case.reading.cancelled:
        complain(Sentence("interrupted: the verdict rests on what had been read by then"))
    elif watcher.interrupted:
        complain(Sentence("interrupted when all had been read: the verdict rests on all of it"))
    finished = not watcher.interrupted and (further is None or further(diagnosis, knowledge))
    _print(diagnosis, options)
    return exit_code(diagnosis.verdict, options.fail_on) if finished else ExitCode.INTERRUPTED


def exit_code(verdict: Verdict, fail_on: str) -> ExitCode:
    """What a verdict exits with, where verdicts from `fail_on` upwards count as a fault."""
    if not any(source.records for source in verdict.sources):
        return ExitCode.UNREADABLE
    if verdict.verdict in FAIL_ON[fail_on]:
        return ExitCode.FAULT
    damaged = any(source.damage for source in verdict.sources if source.kind != DUPLICATE)
    return ExitCode.PARTLY_READ if damaged else ExitCode.HEALTHY


def _print(diagnosis: Diagnosis, options: Options) -> None:
    verdict = diagnosis.verdict
    match options.form:
        case "json":
            _write(to_json(verdict), options.output)
        case "html":
            from diagnostics.report.page import to_html  # noqa: PLC0415 - others need no template engine

            _write(to_html(verdict, diagnosis.case.graph), options.output)
        case "markdown":
            from diagnostics.report.markdown import to_markdown  # noqa: PLC0415 - as above

            _write(to_markdown(verdict, diagnosis.case.graph), options.output)
        case _ if options.output:
            text = StringIO()
            print_verdict(verdict, text, plain=options.plain, explain=options.explain)
            _write(text.getvalue().encode(errors="replace"), options.output)
        case _:
            print_verdict(verdict, sys.stdout, plain=options.plain, explain=options.explain)


def _write(data: bytes, output: Path | None) -> None:
    if output is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        output.write_bytes(data)
    except OSError:
        if output.is_file():  # half a report looks like a whole one
            output.unlink()
        raise


def _stop(problem: str | Exception) -> ExitCode:
    complain(problem)
    return ExitCode.UNREADABLE
