"""How well a model understands: `python -m nlu.evaluation --model FILE [--questions DIR...]`.

Sets of questions (`questions`) go through the model's NLU graph (`understanding`); what became of
each message is judged (`outcomes`) and counted (`figures`, `certainty`). The pipeline is measured
on public data, too (`benchmark`). A `report` holds all of it and is compared with the last one of
another model (`comparison`), told in the `terminal`, and kept (`reports`) as JSON and as a `page`.
"""
