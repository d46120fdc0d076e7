"""Pure readers of tool reports: garak, promptfoo, PyRIT, Counterfit, modelscan, and the attack result.

`reader.read_report` is the way in. The rest of the product calls it through `tracker.evidence.reading`, which
runs it in a process of its own.
"""
