"""The consultation domain: what a visitor asks for, how it is read, checked and kept.

Plain Python and SQLAlchemy. It knows no chat engine, no web framework and no settings: whoever
calls it hands over the engine, the clinic and the present moment.
"""
