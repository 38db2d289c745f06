"""What every rendering needs, and nothing of what is shown: knows no record.

one_line.py     a stranger's text on one line, harmless to a screen
highlight.py    a passage with the words that a search matched
formats.py      counts, money, time and names in words
wrapping.py     text in the columns of a terminal
table.py        what a table is, as text and HTML; displayed.py: the hooks of notebooks
templating.py   HTML templates, in which everything is escaped
"""
