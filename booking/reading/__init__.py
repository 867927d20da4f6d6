"""Reading what visitors write: names, contacts, concerns, times, answers to offers, corrections.

`message` reads a whole message of a conversation about booking; the other modules each find one
kind of thing in a text. They look nothing up: what is free is for the rest of the package.
"""
