"""Verdicts for people and for programs. A report computes nothing."""

from diagnostics.report.machine import json_schema, to_json
from diagnostics.report.text import print_verdict, write_report

__all__ = ["json_schema", "print_verdict", "to_json", "write_report"]
