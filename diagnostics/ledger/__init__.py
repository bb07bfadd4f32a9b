"""Every event of a case, wanted by a rule or not: a row of numbers each, and its words read again when somebody looks.

`register` notes rows while logs are read, `binding` makes them one `Ledger` in true order, `rereading` gives the event
behind a row; `query` is the language of filters, `matching` answers them, `folding` folds repetitions.
"""
