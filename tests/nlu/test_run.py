"""How Rasa is started: with all settings or not at all, and without what no model asks for."""

import subprocess
import sys
from pathlib import Path
from typing import Dict

import pytest

from nlu.run import Launch, MissingSetting

PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def environment(tmp_path: Path) -> Dict[str, str]:
    endpoints = tmp_path / "endpoints.yml"
    endpoints.write_text("tracker_store:\n")
    return {
        "NEEDLEPOINT_RASA_PORT": "5005",
        "NEEDLEPOINT_RASA_TOKEN": "a-token",
        "NEEDLEPOINT_RASA_ENDPOINTS": str(endpoints),
    }


def test_the_environment_says_how_to_start(environment: Dict[str, str]) -> None:
    launch = Launch.from_environment(environment)

    assert (launch.port, launch.token) == (5005, "a-token")
    assert launch.models == str(PROJECT / "models")


def test_the_models_folder_can_be_another(environment: Dict[str, str], tmp_path: Path) -> None:
    launch = Launch.from_environment({**environment, "NEEDLEPOINT_MODELS_DIR": str(tmp_path)})

    assert launch.models == str(tmp_path)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("NEEDLEPOINT_RASA_PORT", None),
        ("NEEDLEPOINT_RASA_PORT", "http"),
        ("NEEDLEPOINT_RASA_TOKEN", None),
        ("NEEDLEPOINT_RASA_TOKEN", ""),
        ("NEEDLEPOINT_RASA_ENDPOINTS", None),
        ("NEEDLEPOINT_RASA_ENDPOINTS", "not/there.yml"),
    ],
)
def test_a_missing_or_wrong_setting_is_named(
    environment: Dict[str, str], variable: str, value: str
) -> None:
    environment.pop(variable)
    if value is not None:
        environment[variable] = value

    with pytest.raises(MissingSetting, match=variable):
        Launch.from_environment(environment)


def in_a_fresh_process(script: str) -> str:
    """What a script prints that starts where `nlu.run.serve` has put off what it can."""
    before = (
        "import sys; from nlu.run import PUT_OFF, put_off\n"
        "from nlu.config_check import put_off_config_check\n"
        "[put_off(name) for name in PUT_OFF]; put_off_config_check()\n"
    )
    command = [sys.executable, "-W", "ignore", "-c", before + script]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


def test_a_server_with_our_components_needs_no_tensorflow() -> None:
    loaded = in_a_fresh_process(
        "import rasa.core.run, nlu.tracker_store, nlu.health_channel, nlu.joint_classifier\n"
        "from rasa.graph_components.validators.default_recipe_validator import (\n"
        "    DefaultV1RecipeValidator)\n"
        "print([name for name in ('tensorflow', 'matplotlib') if name in sys.modules])"
    )

    assert loaded == "[]"


def test_what_was_put_off_is_there_when_asked_for() -> None:
    told = in_a_fresh_process(
        "import rasa.core.run, rasa.utils.train_utils\n"
        "from rasa.nlu.classifiers.diet_classifier import DIETClassifier\n"
        "print(rasa.utils.train_utils.rank_and_mask.__module__, 'tensorflow' in sys.modules)"
    )

    assert told == "rasa.utils.train_utils True"


def test_a_configuration_is_checked_by_rasas_own_component_when_it_comes_to_that() -> None:
    told = in_a_fresh_process(
        "from rasa.graph_components.validators.default_recipe_validator import (\n"
        "    DefaultV1RecipeValidator as StandIn)\n"
        "from rasa.engine.graph import ExecutionContext, GraphSchema\n"
        "made = StandIn.create({}, None, None, ExecutionContext(GraphSchema({})))\n"
        "print(type(made) is StandIn, type(made).__module__, hasattr(made, '_validate_nlu'))"
    )

    assert told == "False rasa.graph_components.validators.default_recipe_validator True"
