"""The judge of protocols: what it must not let pass."""

import json
from typing import Any

import httpx
import pytest

from contracts.checking import HERE, Contract, VendorDocument, find_vendor_folder
from contracts.document import Document
from contracts.feed_files import FeedFiles
from contracts.messages import Answer, Call
from contracts.record import Record
from contracts.transport import CheckingTransport

KEY = {"authorization": "4f2b-key", "accept": "application/json"}
JSON = {"content-type": "application/json"}
CSV_COLUMNS = '"sku";"product-id";"product-id-type";"price";"quantity";"state";"update-delete"'


@pytest.fixture
def contract() -> Contract:
    return Contract.load("mirakl")


def call(method: str, path: str, body: Any = None, **headers: str) -> Call:
    content = b"" if body is None else json.dumps(body).encode()
    return Call(method, f"http://operator.example{path}", KEY | (JSON if body is not None else {}) | headers, content)


def upload(columns: str, **fields: str) -> Call:
    request = httpx.Request(
        "POST",
        "http://operator.example/api/offers/imports",
        data=fields,
        files={"file": ("offers.csv", f"{columns}\n".encode(), "text/csv")},
    )
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Call("POST", str(request.url), headers | KEY, request.read())


def answer(body: Any, status: int = 200) -> Answer:
    return Answer(status, JSON, json.dumps(body).encode())


DECISION = {"order_lines": [{"id": "L-1", "accepted": True}]}


def test_what_is_as_stated_passes(contract):
    assert contract.check_call(call("PUT", "/api/orders/C-1/accept", DECISION)) == []
    assert contract.check_call(upload(CSV_COLUMNS, import_mode="NORMAL")) == []
    assert contract.check_call(call("GET", "/api/orders?max=100&order_ids=C-1")) == []


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (call("GET", "/api/nothing"), "no such operation"),
        (call("GET", "/api/orders?maximum=100"), "'maximum', which is not stated"),
        (call("GET", "/api/orders?max=many"), "'many' is no integer"),
        (call("GET", "/api/orders", authorization="Bearer 4f2b-key"), "header Authorization"),
        (call("PUT", "/api/orders/C-1/accept", {"order_line": []}), "'order_lines' is a required property"),
        (call("PUT", "/api/orders/C-1/accept", {**DECISION, "note": "x"}), "'note' was unexpected"),
        (call("PUT", "/api/orders/C-1/accept", {"order_lines": [{"id": 1, "accepted": True}]}), "not of type 'string'"),
        (call("PUT", "/api/orders/C-1/accept", DECISION, **{"content-type": "text/plain"}), "the body is text/plain"),
        (call("PUT", "/api/orders/C-1/ship", {}), "it has a body, and none is stated"),
        (upload(CSV_COLUMNS.replace("quantity", "quantities"), import_mode="NORMAL"), "the file has the columns"),
        (upload(CSV_COLUMNS), "the part 'import_mode' is missing"),
        (upload(CSV_COLUMNS, import_mode="PARTIAL_UPDATE"), "the part import_mode is 'PARTIAL_UPDATE'"),
        (upload(CSV_COLUMNS, import_mode="NORMAL", mode="x"), "the part 'mode' is not stated"),
    ],
)
def test_what_is_not_as_stated_is_told(contract, wrong, words):
    problems = contract.check_call(wrong)

    assert any(words in problem for problem in problems), problems


def test_a_header_that_is_missing_is_told(contract):
    silent = Call("GET", "http://operator.example/api/account", {"accept": "application/json"}, b"")

    assert contract.check_call(silent) == ["A01: the header Authorization is missing"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (answer({"status": "COMPLETED"}), "'import_id' is a required property"),
        (answer({"import_id": "one", "status": "COMPLETE", "has_error_report": False}), "not of type 'integer'"),
        (Answer(200, {"content-type": "text/html"}, b"<p>"), "the body is text/html"),
        (Answer(200, JSON, b'{"import_id": 1'), "cannot be read"),
        (answer({}, 302), "the status 302 is not stated"),
    ],
)
def test_an_answer_that_is_not_as_stated_is_told(contract, given, words):
    problems = contract.check_answer(call("GET", "/api/offers/imports/2035"), given)

    assert any(words in problem for problem in problems), problems


def test_new_fields_and_words_in_answers_are_no_trouble(contract):
    body = {"import_id": 1, "status": "SOMETHING_NEW", "has_error_report": False, "a_new_field": 1}

    assert contract.check_answer(call("GET", "/api/offers/imports/2035"), answer(body)) == []


def test_a_vendor_document_is_held_against_calls_too():
    vendor = Document(
        {
            "openapi": "3.0.1",
            "paths": {
                "/api/orders/{order_id}/accept": {
                    "put": {
                        "parameters": [],
                        "requestBody": {
                            "content": {"application/json": {"schema": {"type": "object", "required": ["x"]}}}
                        },
                        "responses": {"204": {"description": "done"}},
                    }
                }
            },
        }
    )
    contract = Contract("mirakl", Document.load(HERE / "mirakl.json"), [VendorDocument(vendor)])

    problems = contract.check_call(call("PUT", "/api/orders/C-1/accept", DECISION))

    assert problems == ["OR21: vendor: $: 'x' is a required property"]


def test_a_body_that_breaks_off_is_told_once(contract):
    vendor = Document(
        {
            "openapi": "3.0.1",
            "paths": {
                "/api/account": {
                    "get": {"responses": {"200": {"content": {"application/json": {"schema": {"type": "object"}}}}}}
                }
            },
        }
    )
    judged = Contract("mirakl", Document.load(HERE / "mirakl.json"), [VendorDocument(vendor)])

    (problem,) = judged.check_answer(call("GET", "/api/account"), Answer(200, JSON, b'{"shop_id": 1'))

    assert "cannot be read" in problem


def test_a_header_of_walmart_that_is_missing_is_told():
    given = Call("GET", "https://walmart.example/v3/orders", {"accept": "application/json"}, b"")

    problems = Contract.load("walmart").check_call(given)

    assert {f"orders: the header {name} is missing" for name in ("WM_SEC.ACCESS_TOKEN", "WM_QOS.CORRELATION_ID")} <= {
        *problems
    }


@pytest.mark.parametrize(("media_type", "is_fine"), [("application/vnd.retailer.v11+json", True), ("text/json", False)])
def test_an_answer_of_bol_is_of_its_own_media_type(media_type, is_fine):
    asked = Call("GET", "https://bol.example/retailer/offers?page=1", {}, b"")

    problems = Contract.load("bol").check_answer(
        asked, Answer(200, {"content-type": media_type}, b'{"page": {}, "offers": []}')
    )

    assert (problems == []) is is_fine


FEED = {"InventoryHeader": {"version": "1.4"}, "Inventory": [{"sku": "MUG", "quantity": {"unit": "EACH", "amount": 4}}]}


@pytest.mark.parametrize(
    ("layout", "wrong", "words"),
    [
        ("inventory", {}, ""),
        ("inventory", {"Inventory": [{"sku": "MUG"}]}, "vendor: inventory $.Inventory[0]: 'quantity' is a required"),
        ("price", {}, "vendor: price"),
        ("something_new", {}, ""),
    ],
)
@pytest.mark.skipif(find_vendor_folder() is None, reason="the marketplaces' documents are not here")
def test_a_file_is_held_against_the_layout_that_the_query_names(layout, wrong, words):
    folder = find_vendor_folder()
    assert folder
    judge = FeedFiles.load(
        folder / "walmart-feed-files.schema.json", path="/v3/feeds", parameter="feedType", part="file"
    )
    content = json.dumps(FEED | wrong).encode()
    request = httpx.Request(
        "POST", f"https://walmart.example/v3/feeds?feedType={layout}", files={"file": ("feed.json", content)}
    )
    headers = {name.lower(): value for name, value in request.headers.items()}

    problems = judge.check_call(Call("POST", str(request.url), headers, request.read()))

    assert bool(problems) is bool(words)
    assert words in "".join(problems)


def test_an_old_document_may_say_nullable():
    old = Document({"openapi": "3.0.1", "paths": {}})

    assert old.problems({"type": "string", "nullable": True}, None) == []
    assert old.problems({"type": "string"}, None) != []


def test_a_transport_counts_and_remembers(contract):
    record = Record(contract)
    inner = httpx.MockTransport(lambda request: httpx.Response(200, json={"shop_id": "one"}))
    client = httpx.Client(transport=CheckingTransport(inner, record))

    client.get("http://operator.example/api/account", headers=KEY)
    client.get("http://operator.example/api/account", headers={"accept": "application/json"})

    assert (record.requests_validated, record.responses_validated, record.operations["A01"]) == (2, 2, 2)
    assert "A01: the header Authorization is missing" in record.violations
    assert any("not of type 'integer'" in violation for violation in record.violations)
