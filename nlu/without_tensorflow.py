"""Keeps TensorFlow out of a training that needs none of it, which is half of the time to train.

To read a configuration, Rasa imports every component that it comes with. Those that are built on
TensorFlow are represented by empty classes when the configuration names none of them: Rasa only
asks whether a component in use is one of them, and the answer is no either way.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any, Dict, List, Mapping, Text

# Modules of Rasa 3.6.21 that import TensorFlow, with the component that each defines.
COMPONENTS = {
    "rasa.core.policies.ted_policy": "TEDPolicy",
    "rasa.core.policies.unexpected_intent_policy": "UnexpecTEDIntentPolicy",
    "rasa.nlu.classifiers.diet_classifier": "DIETClassifier",
    "rasa.nlu.featurizers.dense_featurizer.convert_featurizer": "ConveRTFeaturizer",
    "rasa.nlu.featurizers.dense_featurizer.lm_featurizer": "LanguageModelFeaturizer",
    "rasa.nlu.selectors.response_selector": "ResponseSelector",
}
OURS = "nlu."


def leave_out(config: Mapping[Text, Any]) -> bool:
    """Represents the components that `config` does not use; to be called before importing them.

    Does nothing (False) when it uses one of them, or a component of others, who may build on them.
    """
    if not all(_is_free_of_it(name) for name in _component_names(config)):
        return False
    for module_name, component in COMPONENTS.items():
        if module_name not in sys.modules:
            module = ModuleType(module_name)
            setattr(module, component, type(component, (), {}))
            sys.modules[module_name] = module
    return True


def _component_names(config: Mapping[Text, Any]) -> List[Text]:
    parts: List[Dict[Text, Any]] = [*config.get("pipeline", ()), *config.get("policies", ())]
    return [part["name"] for part in parts]


def _is_free_of_it(name: Text) -> bool:
    if "." in name:
        return name.startswith(OURS)
    return name not in COMPONENTS.values()
