"""The identity vault: who a patient is, for linkage alone. Off unless its keys are given (docs/decisions/0018).

Names, dates of birth and national numbers lie encrypted in a schema of their own, which one role reads and writes; the
application reaches them by three functions of that role (`wall.py`), one case at a time, and a function that gives an
identity out notes who read it and why. Equal patients are found by keyed digests (`marks.py`). The keys stand in the
settings and never in the database.
"""
