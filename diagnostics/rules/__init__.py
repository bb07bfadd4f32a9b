"""Rules: what an event says about the pipeline. See docs/rules.md.

Reading: `documents` (safe YAML with lines), `schema` (typed structs from it), `logsource`, `detection` (Sigma's part,
by pySigma), `rule`, `packs` (folders of rules). Matching: `conditions` (the tree), `matching` (closures), `triggers`
and `index` (`RuleSet`), `interest` (what parsers should decode). Checking: `samples`, `mutation`, `lint`.
"""
