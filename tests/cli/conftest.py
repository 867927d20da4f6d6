from pathlib import Path

import pytest

from tests.cli.running import Installation
from tests.faq.content import make_content


@pytest.fixture
def needlepoint(tmp_path: Path) -> Installation:
    make_content(tmp_path / "content")
    (tmp_path / "models").mkdir()
    return Installation(tmp_path)
