from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from contracts.checking import find_vendor_folder, load_vendor_documents
from contracts.messages import Answer, Call
from tests.sandbox.bol.retailer import Retailer
from tests.sandbox.in_process import InProcessSandbox


@pytest.fixture
def box(tmp_path: Path) -> Iterator[InProcessSandbox]:
    """A bol.com of which every good answer is as bol.com's own documents say, where those are at hand."""
    made = InProcessSandbox(tmp_path / "bol.sqlite3", protocol="bol")
    folder = find_vendor_folder()
    documents = load_vendor_documents("bol", folder) if folder else []
    wrong: list[str] = []

    def hold_against_documents(response: httpx.Response) -> None:
        request = response.request
        call = Call(request.method, str(request.url), {}, b"")
        answer = Answer(
            response.status_code, {name.lower(): v for name, v in response.headers.items()}, response.read()
        )
        for document in documents:
            wrong.extend(document.check_answer(call, answer))

    made.http.event_hooks["response"].append(hold_against_documents)
    yield made
    made.close()
    assert wrong == []


@pytest.fixture
def retailer(box: InProcessSandbox) -> Retailer:
    return Retailer(box)
