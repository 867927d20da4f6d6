"""Speed and memory beside stock Rasa, on the same questions: `python -m bench`."""
