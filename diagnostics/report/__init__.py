"""Verdicts for people and for programs. A report computes nothing."""
