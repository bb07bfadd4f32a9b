"""The verdict as lines to walk through: without Textual's app, so that it can be tested as data.

`document` is the verdict from its first word to the last file that was read; `event` is one line of evidence, whole.
"""
