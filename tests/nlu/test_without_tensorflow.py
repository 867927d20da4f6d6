"""Whether a training loads TensorFlow depends on the components alone."""

import subprocess
import sys
from pathlib import Path

import pytest

from nlu.train import PROJECT
from nlu.without_tensorflow import leave_out
from tests.nlu.small_project import make_project

TRAIN = """
import sys
from pathlib import Path
from nlu.train import Project, train
folder = Path(sys.argv[1])
project = Project(*(folder / name for name in ("config.yml", "domain.yml", "clinic.yml", "data")))
train(project._replace(clinic=Path("clinic.yml")), folder / "models")
print("tensorflow" in sys.modules)
"""


def test_our_pipeline_trains_without_tensorflow(tmp_path: Path) -> None:
    make_project(tmp_path / "project")

    ended = subprocess.run(
        [sys.executable, "-c", TRAIN, str(tmp_path / "project")],
        cwd=PROJECT,
        capture_output=True,
        text=True,
    )

    assert ended.stdout.strip() == "False", ended.stderr


@pytest.mark.parametrize(
    "config",
    [
        {"pipeline": [{"name": "nlu.spacy_text.SpacyText"}, {"name": "DIETClassifier"}]},
        {"pipeline": [{"name": "WhitespaceTokenizer"}], "policies": [{"name": "TEDPolicy"}]},
        {"pipeline": [{"name": "another.package.Classifier"}]},
    ],
)
def test_other_pipelines_get_all_of_rasa(config: dict) -> None:
    assert not leave_out(config)
