"""Which virtual machines may be backed up online, told by exports of their settings: conditions A to G.

events (parsers) -> facts per machine (`facts`) -> the decision (`engine.hyperv.conditions`) -> a table (`report`)
"""
