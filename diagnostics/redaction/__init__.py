"""A copy of exported logs that can be shown to strangers: names and addresses are pseudonyms, the same everywhere.

documents -> survey (the names in them) -> pseudonyms -> rewriting (text), eventlog (EVTX) -> copying (a folder or zip)
"""
