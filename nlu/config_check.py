"""Stands for Rasa's check of a configuration where models are served, and nothing is checked.

Each model names the class `DefaultV1RecipeValidator` in the graph it was trained with, so that
loading a model imports it, and with it the components it knows by name, and TensorFlow with those.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any, Dict, Text

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.shared.importers.importer import TrainingDataImporter

MODULE = "rasa.graph_components.validators.default_recipe_validator"


class DefaultV1RecipeValidator(GraphComponent):
    """As Rasa's class of this name, which is imported once a graph with it runs, in training."""

    @classmethod
    def create(
        cls,
        config: Dict[Text, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,
    ) -> GraphComponent:
        """Rasa's own component."""
        sys.modules.pop(MODULE, None)
        real = importlib.import_module(MODULE).DefaultV1RecipeValidator
        return real.create(config, model_storage, resource, execution_context)

    def validate(self, importer: TrainingDataImporter) -> TrainingDataImporter:
        """Called with what `create` made."""
        return type(self).validate(self, importer)


def put_off_config_check() -> None:
    """Have models loaded without the imports that only checking a configuration needs."""
    if MODULE not in sys.modules:
        DefaultV1RecipeValidator.__module__ = MODULE  # As models name it.
        stand_in = ModuleType(MODULE)
        stand_in.DefaultV1RecipeValidator = DefaultV1RecipeValidator
        sys.modules[MODULE] = stand_in
