from pathlib import Path

import pytest

from tests.faq.content import make_content


@pytest.fixture
def content(tmp_path: Path) -> Path:
    return make_content(tmp_path / "content")
