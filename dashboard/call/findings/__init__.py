"""Not only that a call went wrong, but why, and what to do about it.

A rule (`rule.py`) looks at the folded state and tells what it sees, or nothing. `assess.py` asks every rule of
`rules.py` about once a second, raises and clears findings, and keeps the weaker explanation out while a better one
stands. To add a rule, write it into the file of its family and put it into the list in `rules.py`.
"""
