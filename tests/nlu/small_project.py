"""A Rasa project that trains in a second or two, with our components."""

from pathlib import Path

from nlu.train import PROJECT, Project

CONFIG = """recipe: default.v1
assistant_id: small
language: en
pipeline:
  - name: nlu.spacy_text.SpacyText
  - name: nlu.sentence_features.SentenceFeatures
  - name: nlu.joint_classifier.JointClassifier
policies:
  - name: RulePolicy
"""

DOMAIN = """version: "3.1"
intents: [greet, emergency]
responses:
  utter_greet: [{text: Hello}]
  utter_emergency: [{text: Call for help}]
"""

NLU = """version: "3.1"
nlu:
  - intent: greet
    examples: |
      - hello
      - hi there
      - good morning
      - hey
      - good evening to you
  - intent: emergency
    examples: |
      - I cannot breathe
      - my throat is closing
      - she fainted
      - it won't stop bleeding
      - chest pain
  - intent: faq/downtime
    examples: |
      - what is the downtime
      - how long is recovery
      - when can I go back to work
      - will I need days off
      - recovery time
  - intent: faq/pain
    examples: |
      - does it hurt
      - is it painful
      - how bad is the pain
      - will I feel the needles
      - is it sore
responses:
  utter_faq/downtime: [{text: Usually very little.}]
  utter_faq/pain: [{text: Hardly.}]
"""

RULES = """version: "3.1"
rules:
  - rule: answer
    steps: [{intent: faq}, {action: utter_faq}]
  - rule: greet
    steps: [{intent: greet}, {action: utter_greet}]
  - rule: help
    steps: [{intent: emergency}, {action: utter_emergency}]
"""


def make_project(folder: Path) -> Project:
    """Writes the project's files into a folder, which is made."""
    data = folder / "data"
    data.mkdir(parents=True)
    (folder / "config.yml").write_text(CONFIG, encoding="utf-8")
    (folder / "domain.yml").write_text(DOMAIN, encoding="utf-8")
    (data / "nlu.yml").write_text(NLU, encoding="utf-8")
    (data / "rules.yml").write_text(RULES, encoding="utf-8")
    return Project(
        folder / "config.yml", folder / "domain.yml", PROJECT / "clinic.yml", folder / "data"
    )
