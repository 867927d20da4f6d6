"""Rasa's own test of tests/dialogue, as a developer runs it, on the newest model."""

import json
import os
import subprocess
import sys
from pathlib import Path

import yaml

PROJECT = Path(__file__).resolve().parents[2]
STORIES = PROJECT / "tests" / "dialogue"


def newest_model():
    models = sorted((PROJECT / "models").glob("2*.tar.gz"))
    assert models, "no trained model: run 'needlepoint train' first, as 'make test' does"
    return models[-1]


def test_every_story_is_predicted_as_written(tmp_path):
    written = yaml.safe_load((STORIES / "test_stories.yml").read_text())["stories"]
    command = ["test", "core", "--e2e", "--fail-on-prediction-errors", "--no-plot"]
    places = ["--stories", STORIES, "--model", newest_model(), "--out", tmp_path]

    run = subprocess.run(
        [sys.executable, "-m", "rasa", *command, *map(str, places)],
        cwd=PROJECT,
        env={**os.environ, "RASA_TELEMETRY_ENABLED": "false"},
        capture_output=True,
        text=True,
    )

    assert run.returncode == 0, run.stderr[-2000:]
    # Without --e2e Rasa tests nothing and is content; so count.
    report = json.loads((tmp_path / "story_report.json").read_text())
    assert report["conversation_accuracy"]["total"] == len(written) >= 12
    assert report["conversation_accuracy"]["correct"] == len(written)
