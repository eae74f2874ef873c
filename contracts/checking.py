"""Calls and answers held against a contract: our own statement, and the marketplace's document where it is at hand."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Protocol

from contracts.document import Document, Operation, Schema
from contracts.feed_files import FeedFiles
from contracts.messages import Answer, Call, read_columns, read_form, read_json, read_parts

HERE = Path(__file__).parent


#: Holds the schemas of single texts, which refer to nothing.
_TEXTS = Document({})


class Judge(Protocol):
    """Something more that calls and answers are held against."""

    def check_call(self, call: Call) -> list[str]:
        """Return what is wrong with a call."""

    def check_answer(self, call: Call, answer: Answer) -> list[str]:
        """Return what is wrong with an answer to a call."""


class Contract:
    """What one marketplace's protocol is. `check` gives violations as sentences; none: all is well."""

    def __init__(self, name: str, statement: Document, vendors: Iterable[Judge] = ()) -> None:
        self.name = name
        self._statement = statement
        self._vendors = tuple(vendors)

    @classmethod
    def load(cls, name: str, *, vendor_folder: Path | None = None) -> "Contract":
        """Return a marketplace's contract; with its own documents too, where the folder has them."""
        statement = Document.load(HERE / f"{name}.json")
        vendors: list[Judge] = [] if vendor_folder is None else load_vendor_documents(name, vendor_folder)
        return cls(name, statement, vendors)

    @property
    def operations(self) -> set[str]:
        """The names of all operations in our statement."""
        return self._statement.operations

    def operation_of(self, call: Call) -> str:
        """Return the name of the call's operation, or ""."""
        found = self._statement.find(call.method, call.path)
        return found.name if found else ""

    def check_call(self, call: Call) -> list[str]:
        """Return what is wrong with a call."""
        operation = self._statement.find(call.method, call.path)
        if operation is None:
            return [f"{call.method} {call.path}: no such operation is stated"]
        problems = [*_check_parameters(call, operation), *_check_body(call, operation, self._statement)]
        for vendor in self._vendors_of(operation):
            problems += vendor.check_call(call)
        return [f"{operation.name}: {problem}" for problem in problems]

    def check_answer(self, call: Call, answer: Answer) -> list[str]:
        """Return what is wrong with an answer to a call."""
        operation = self._statement.find(call.method, call.path)
        if operation is None:
            return []
        said = operation.answer(answer.status)
        if said is None:
            return [f"{operation.name}: the status {answer.status} is not stated"]
        problems = _check_content(answer, said, self._statement)
        for vendor in self._vendors_of(operation):
            problems += vendor.check_answer(call, answer)
        return [f"{operation.name} {answer.status}: {problem}" for problem in problems]

    def _vendors_of(self, operation: Operation) -> tuple[Judge, ...]:
        return () if operation.source else self._vendors


def _check_parameters(call: Call, operation: Operation) -> list[str]:
    known = operation.parameters_in("query")
    given = {name for name, _ in call.query}
    problems = [f"the query has {name!r}, which is not stated" for name in sorted(given - known.keys())]
    problems += [
        f"the query lacks {name!r}" for name, one in known.items() if one.get("required") and name not in given
    ]
    for name, value in call.query:
        problems += _check_text(f"query {name}", value, known.get(name, {}).get("schema", {}))
    for name, one in operation.parameters_in("header").items():
        given_header = call.headers.get(name.lower())
        if given_header is not None:
            problems += _check_text(f"header {name}", given_header, one.get("schema", {}))
        elif one.get("required"):
            problems.append(f"the header {name} is missing")
    return problems


def _check_text(where: str, value: str, schema: Schema) -> list[str]:
    """Return whether a text is one that the schema allows; numbers come as texts."""
    kind = schema.get("type")
    if kind in ("integer", "number"):
        try:
            int(value) if kind == "integer" else float(value)
        except ValueError:
            return [f"{where}: {value!r} is no {kind}"]
        return []
    return [f"{where}: {problem}" for problem in _TEXTS.problems(schema, value)] if schema else []


def _check_body(call: Call, operation: Operation, document: Document) -> list[str]:
    if operation.body is None:
        return ["it has a body, and none is stated"] if call.body.strip() else []
    if not call.body and not operation.body.get("required", False):
        return []
    content = operation.body["content"]
    if call.media_type not in content:
        return [f"the body is {call.media_type or 'of no type'}, stated is {' or '.join(content)}"]
    said = content[call.media_type]
    if call.media_type == "multipart/form-data":
        return _check_parts(call, said, document)
    try:
        form = call.media_type == "application/x-www-form-urlencoded"
        value: Any = read_form(call.body) if form else read_json(call.body)
    except ValueError as error:
        return [f"the body cannot be read: {error}"]
    return document.problems(said["schema"], value)


def _check_parts(call: Call, said: Schema, document: Document) -> list[str]:
    """Each part is stated; what stands in a file is stated by `x-csv-columns` or `x-json` of the part."""
    parts = read_parts(call)
    schema = document.resolved(said["schema"])
    known: Mapping[str, Schema] = schema["properties"]
    problems = [f"the part {name!r} is not stated" for name in sorted(parts.keys() - known.keys())]
    problems += [f"the part {name!r} is missing" for name in schema.get("required", ()) if name not in parts]
    for name, content in parts.items():
        part = known.get(name, {})
        if files := part.get("x-csv-columns"):
            columns = list(read_columns(content))
            if not any(_fits(columns, file) for file in files):
                problems.append(f"the file has the columns {columns}, stated are {files}")
        elif "x-json" in part:
            problems += _check_json_file(call, content, part["x-json"], document)
        elif "enum" in part and content.decode() not in part["enum"]:
            problems.append(f"the part {name} is {content.decode()!r}, stated is {part['enum']}")
    return problems


def _fits(columns: list[str], stated: Schema) -> bool:
    required, others = stated["required"], stated.get("optional", [])
    return set(required) <= set(columns) and (stated.get("open") or set(columns) <= {*required, *others})


def _check_json_file(call: Call, content: bytes, by_type: Schema, document: Document) -> list[str]:
    """Return what is wrong with a JSON file; which layout it has is said by a parameter of the query."""
    layout = dict(call.query).get(by_type["parameter"], "")
    schema = by_type["layouts"].get(layout)
    if schema is None:
        return [f"no layout is stated for {layout!r}"]
    try:
        return document.problems(document.resolved(schema), read_json(content))
    except ValueError as error:
        return [f"the file cannot be read: {error}"]


def _check_content(answer: Answer, said: Schema, document: Document) -> list[str]:
    content = said.get("content")
    if not content:
        return ["it has a body, and none is stated"] if answer.body.strip() and said.get("x-empty", True) else []
    if answer.media_type not in content:
        return [f"the body is {answer.media_type or 'of no type'}, stated is {' or '.join(content)}"]
    stated = content[answer.media_type]
    if "x-csv-columns" in stated:
        columns = list(read_columns(answer.body))
        return [] if any(_fits(columns, file) for file in stated["x-csv-columns"]) else [f"unstated columns: {columns}"]
    if not stated.get("schema"):
        return []
    try:
        return document.problems(stated["schema"], read_json(answer.body))
    except ValueError as error:
        return [f"the body cannot be read: {error}"]


class VendorDocument:
    """A document of the marketplace's own. It says nothing of calls that it does not hold."""

    def __init__(self, document: Document, *, also: Iterable[str] = (), none_is_empty: bool = False) -> None:
        self._document = document
        #: Parameters that its general notes describe, and no operation lists.
        self._also = frozenset(also)
        #: Whether an empty list lacks its key too, in answers as they were recorded, though the document requires it.
        self._none_is_empty = none_is_empty

    def check_call(self, call: Call) -> list[str]:
        operation = self._document.find(call.method, call.path)
        if operation is None:
            return []
        known = operation.parameters_in("query").keys() | self._also
        problems = [f"vendor: the query has {name!r}" for name, _ in call.query if name not in known]
        if operation.body and call.media_type.endswith("json") and call.body:
            content = operation.body["content"]
            if call.media_type in content and "schema" in content[call.media_type]:
                problems += self._problems(content[call.media_type]["schema"], call.body)
        return problems

    def check_answer(self, call: Call, answer: Answer) -> list[str]:
        operation = self._document.find(call.method, call.path)
        said = operation.answer(answer.status) if operation and answer.status < 300 else None
        content = (said or {}).get("content", {}).get(answer.media_type, {})
        if "schema" not in content or not answer.media_type.endswith("json"):
            return []
        if self._none_is_empty and call.method == "GET" and answer.body.strip() == b"{}":
            return []
        return self._problems(content["schema"], answer.body)

    def _problems(self, schema: Schema, body: bytes) -> list[str]:
        """Return what is wrong with a body. One that cannot be read is told of by our own statement."""
        try:
            value = read_json(body)
        except ValueError:
            return []
        return [f"vendor: {problem}" for problem in self._document.problems(schema, value)]


def find_vendor_folder() -> Path | None:
    """Return where the marketplaces' own documents lie beside the checkout, or None."""
    folder = HERE.parent.parent / "shared" / "channels" / "spec"
    return folder if folder.exists() else None


#: Marketplaces' own documents by protocol; the sheets say where they come from.
VENDOR_FILES: Mapping[str, tuple[str, ...]] = {
    "mirakl": ("mirakl-contract.json",),
    "walmart": tuple(
        f"walmart-{part}.json"
        for part in (
            *("authentication", "feeds", "inventory", "items", "orders"),
            *("price", "reports", "returns", "settings"),
        )
    ),
    "bol": ("bol-offers-v11.json", "bol-retailer-v10.json", "bol-shared-v10.json"),
}

#: Parameters of the query that the marketplace's notes add to all operations.
NOTED: Mapping[str, tuple[str, ...]] = {
    "mirakl": ("shop_id", "max", "offset", "sort", "order", "limit", "page_token", "locale", "start_date"),
    # Of the query that leads to the next page, which is Walmart's own.
    "walmart": ("hasMoreElements", "soIndex", "poIndex", "partnerId", "sellerId"),
    "bol": (),
}

#: Documents about the files that calls bring.
_FEED_FILES: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "walmart": {
        "walmart-feed-files.schema.json": {"path": "/v3/feeds", "parameter": "feedType", "part": "file"},
    },
}

#: Marketplaces whose recorded answers lack the key of an empty list.
_NONE_IS_EMPTY = frozenset({"bol"})


def load_vendor_documents(name: str, folder: Path) -> list[Judge]:
    """Return the vendor's own documents that are in the folder."""
    documents: list[Judge] = [
        VendorDocument(Document.load(folder / file), also=NOTED[name], none_is_empty=name in _NONE_IS_EMPTY)
        for file in VENDOR_FILES[name]
        if (folder / file).exists()
    ]
    for file, where in _FEED_FILES.get(name, {}).items():
        if (folder / file).exists():
            documents.append(FeedFiles.load(folder / file, **where))
    return documents
