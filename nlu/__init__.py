"""The Rasa side (Python 3.10): graph components, importer, tracker store, channel and trainer.

Runs in `.venv-rasa` only and is imported by Rasa through config.yml, endpoints.yml and
credentials.yml.
"""
