"""How well a model understands: `python -m nlu.evaluation --model FILE [--questions DIR...]`.

Sets of questions (`questions`) go through the model's NLU graph (`understanding`); what became of
each message is judged (`outcomes`), counted (`figures`) and told in the terminal (`terminal`).
"""
