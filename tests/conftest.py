"""For all tests: those of Rasa's side run in Rasa's environment only."""

import sys

collect_ignore = ["nlu"] if sys.version_info >= (3, 11) else []
