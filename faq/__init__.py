"""The clinic's answers: articles and FAQs read, checked, trained and evaluated.

Plain Python. It knows no web framework and no settings, and reaches Rasa over HTTP or by starting
programs of Rasa's environment.
"""
