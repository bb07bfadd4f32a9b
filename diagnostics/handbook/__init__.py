"""What Shindan knows, for people: the rules and the catalogs joined, as articles to read.

`library` joins them; `article` is what an article is made of, `articles` and `decoded` write them; `lookup` finds those
that a word means; `text` and `pages` show them on a terminal and as Markdown; `completeness` tells what is missing.
"""
