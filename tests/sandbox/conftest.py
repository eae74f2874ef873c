from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sandbox.in_process import InProcessSandbox, Seller


@pytest.fixture
def market(tmp_path: Path) -> Iterator[InProcessSandbox]:
    box = InProcessSandbox(tmp_path / "sandbox.sqlite3")
    yield box
    box.close()


@pytest.fixture
def seller(market: InProcessSandbox) -> Seller:
    return Seller(market)
