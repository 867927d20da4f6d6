"""Starts Rasa as `rasa run --enable-api` does, without loading TensorFlow unless a model needs it.

Rasa imports TensorFlow, and Matplotlib for its reports, however a model is made: two thirds of the
time to start and of the memory. What pulls them in on the way to a running server are three of its
modules, not used before a model with a TensorFlow component is loaded, a report drawn or a model
trained. They are put off until then; a model with DIETClassifier works as ever.
"""

from __future__ import annotations

import gc
import importlib
import logging
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, Mapping, NamedTuple, Text

PROJECT = Path(__file__).resolve().parents[1]
PUT_OFF = ("rasa.utils.train_utils", "rasa.utils.plotting")
HOST = "127.0.0.1"


class MissingSetting(Exception):
    """An environment variable that Rasa's start needs is unset or wrong; the text names it."""


class Launch(NamedTuple):
    """What `needlepoint run` tells this process in its environment."""

    port: int
    token: Text
    endpoints: Text
    models: Text  # folder whose newest model is served when the endpoints name no model server

    @classmethod
    def from_environment(cls, environment: Mapping[Text, Text]) -> Launch:
        """Raises `MissingSetting`."""
        try:
            port = environment["NEEDLEPOINT_RASA_PORT"]
            token = environment["NEEDLEPOINT_RASA_TOKEN"]
            endpoints = environment["NEEDLEPOINT_RASA_ENDPOINTS"]
        except KeyError as missing:
            raise MissingSetting(f"{missing.args[0]} is not set") from None
        if not port.isdecimal():
            raise MissingSetting("NEEDLEPOINT_RASA_PORT must be a port")
        if not token:
            raise MissingSetting("NEEDLEPOINT_RASA_TOKEN is empty: Rasa would answer anyone")
        if not Path(endpoints).is_file():
            raise MissingSetting(f"NEEDLEPOINT_RASA_ENDPOINTS: there is no file {endpoints}")
        models = environment.get("NEEDLEPOINT_MODELS_DIR") or "models"
        return cls(int(port), token, endpoints, str(PROJECT / models))


class ModulePutOff(ModuleType):
    """Stands for a module until an attribute of it is asked for, then imports it."""

    def __getattr__(self, name: Text) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


def put_off(name: Text) -> None:
    """Have a module of a package imported at its first use instead of at its import.

    (importlib's LazyLoader won't do: the next `import` of the module already loads it.)
    """
    parent, _, leaf = name.rpartition(".")
    if name not in sys.modules:
        sys.modules[name] = ModulePutOff(name)
        setattr(importlib.import_module(parent), leaf, sys.modules[name])


def serve(launch: Launch) -> None:
    """Run the server until it is told to stop: the steps of Rasa's own command line."""
    for name in PUT_OFF:
        put_off(name)
    from nlu.config_check import put_off_config_check
    from nlu.logs import mask_logs

    put_off_config_check()
    import rasa
    import rasa.telemetry
    import rasa.utils.common
    import rasa.utils.io
    from rasa.utils.log_utils import configure_structlog

    from nlu.action_results import check_results_quickly
    from nlu.model_swap import swap_beside_the_talk
    from nlu.quick_loading import load_quickly

    check_results_quickly()
    load_quickly()
    swap_beside_the_talk()
    mask_logs()
    rasa.utils.common.configure_logging_and_warnings()
    rasa.utils.io.configure_colored_logging(None)
    rasa.telemetry.initialize_telemetry()
    configure_structlog()
    # The imports stay for good: the garbage collector need not walk them again at each full round.
    gc.collect()
    gc.freeze()
    rasa.run(
        model=launch.models,
        endpoints=launch.endpoints,
        credentials=str(PROJECT / "credentials.yml"),
        enable_api=True,
        auth_token=launch.token,
        interface=HOST,
        port=launch.port,
    )


def main() -> int:
    """Entry point of the rasa process."""
    try:
        launch = Launch.from_environment(os.environ)
    except MissingSetting as problem:
        logging.error("%s. `make run` starts Rasa with all it needs.", problem)
        return 2
    os.environ.setdefault("RASA_TELEMETRY_ENABLED", "false")
    # One visitor's sentence is too little work to share among threads, which cost memory each.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    serve(launch)
    return 0


if __name__ == "__main__":
    sys.exit(main())
