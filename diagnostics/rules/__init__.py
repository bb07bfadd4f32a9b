"""Rules: what an event says about the pipeline. See docs/rules.md.

Reading: `rule` (the types), `logsource`, `detection` (Sigma's part, by pySigma), `reader` (a document becomes a rule),
`packs` (folders of rules), `cache` (what reading came to). Matching: `conditions` (the tree), `matching` (closures),
`triggers` and `index` (`RuleSet`), `interest` (what parsers should decode). Checking: `samples`, `mutation`, `lint`.
For people: `words` (a condition in words), `reach` (what a rule is about), `drafting` (a first draft of one).
"""
