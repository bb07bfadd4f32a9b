"""Which virtual machines may be backed up online, told by exports of their settings and by their disks: A to G.

events (parsers, `images`) -> facts per machine (`facts`) -> the decision (`engine.hyperv.conditions`) -> a table
"""
