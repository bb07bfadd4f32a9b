"""From a failed job to one that passes: plan a remedy, apply it in the lab, run the job again, verify what it left.

`opening` finds the job (a lab's folder, or logs from which one is built), `plan` chooses the remedy, `trying` does the
rest, `report` says it in lines.
"""

from diagnostics.retry.opening import FailedJob, NothingToRetryError, open_job
from diagnostics.retry.plan import Plan, UnknownRemedyError, Wish
from diagnostics.retry.report import lines_of
from diagnostics.retry.trying import Cancelled, Retried, retry

__all__ = [
    "Cancelled",
    "FailedJob",
    "NothingToRetryError",
    "Plan",
    "Retried",
    "UnknownRemedyError",
    "Wish",
    "lines_of",
    "open_job",
    "retry",
]
