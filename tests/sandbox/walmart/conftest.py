from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from contracts.checking import Contract, find_vendor_folder
from contracts.messages import Answer, Call
from tests.sandbox.in_process import InProcessSandbox
from tests.sandbox.walmart.seller import Seller


@pytest.fixture
def box(tmp_path: Path) -> Iterator[InProcessSandbox]:
    """A Walmart of which every answer is as our contract says, and Walmart's own documents where they are at hand."""
    made = InProcessSandbox(tmp_path / "walmart.sqlite3", protocol="walmart")
    contract = Contract.load("walmart", vendor_folder=find_vendor_folder())
    wrong: list[str] = []

    def hold_against_contract(response: httpx.Response) -> None:
        if made.market.faults.standing("unknown_enum"):
            return  # what nobody knows is in no document
        call = Call(response.request.method, str(response.request.url), {}, b"")
        headers = {name.lower(): value for name, value in response.headers.items()}
        wrong.extend(contract.check_answer(call, Answer(response.status_code, headers, response.read())))

    made.http.event_hooks["response"].append(hold_against_contract)
    yield made
    made.close()
    assert wrong == []


@pytest.fixture
def seller(box: InProcessSandbox) -> Seller:
    """A seller whose calls are not counted."""
    box.control("PUT", "/settings", {"quotas": False})
    return Seller(box)
