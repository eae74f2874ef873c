"""One OpenAPI document, 3.0 or 3.1: which operation a call is, and what the document says of it."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.protocols import Validator
from openapi_schema_validator import OAS30Validator

_METHODS = ("get", "put", "post", "patch", "delete")
Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path."""

    name: str
    parameters: tuple[Schema, ...]
    body: Schema | None
    answers: Mapping[str, Schema]
    #: Where it is told of, if not in the marketplace's own documents: what these say of its path is of another.
    source: str = ""

    def parameters_in(self, place: str) -> dict[str, Schema]:
        """Return the parameters of the query, the headers or the path, by name."""
        return {one["name"]: one for one in self.parameters if one["in"] == place}

    def answer(self, status: int) -> Schema | None:
        """Return what is said of a status: by itself, as one of its hundred, or of all others."""
        for key in (str(status), f"{status // 100}XX", "default"):
            if key in self.answers:
                return self.answers[key]
        return None


class Document:
    """An OpenAPI document; `$ref`s are resolved within it."""

    def __init__(self, content: Mapping[str, Any]) -> None:
        self._content = content
        self._validators: dict[int, tuple[Schema, Validator]] = {}
        self._is_old = str(content.get("openapi", "")).startswith("3.0")

    @classmethod
    def load(cls, path: Path) -> "Document":
        return cls(json.loads(path.read_text()))

    @cached_property
    def _operations(self) -> list[tuple[str, re.Pattern[str], Operation]]:
        """Every operation with its method and a pattern of its path; paths without placeholders come first."""
        found = list(self._iter_operations())
        return sorted(found, key=lambda one: one[1].pattern.count("[^/]"))

    def _iter_operations(self) -> Iterator[tuple[str, re.Pattern[str], Operation]]:
        for path, item in self._content["paths"].items():
            pattern = re.compile(re.sub(r"\\{[^}]+\\}", "[^/]+", re.escape(path.partition("?")[0])))
            for method in _METHODS:
                if method in item:
                    yield method, pattern, self._operation(f"{method.upper()} {path}", item, item[method])

    def _operation(self, name: str, item: Schema, said: Schema) -> Operation:
        parameters = [self.resolved(one) for one in (*item.get("parameters", ()), *said.get("parameters", ()))]
        body = said.get("requestBody")
        return Operation(
            name=str(said.get("operationId") or name),
            parameters=tuple(parameters),
            body=self.resolved(body) if body else None,
            answers={status: self.resolved(one) for status, one in said["responses"].items()},
            source=str(said.get("x-source", "")),
        )

    @property
    def calls(self) -> list[tuple[str, str]]:
        """Every operation as its method and the template of its path."""
        return [
            (method, path) for path, item in self._content["paths"].items() for method in _METHODS if method in item
        ]

    @property
    def operations(self) -> set[str]:
        """The names of all operations."""
        return {operation.name for _, _, operation in self._operations}

    def find(self, method: str, path: str) -> Operation | None:
        """Return the operation of a call, or None if the document has none."""
        for known, pattern, operation in self._operations:
            if known == method.lower() and pattern.fullmatch(path):
                return operation
        return None

    def resolved(self, schema: Schema) -> Schema:
        """Return what a `$ref` points to; anything else as it is."""
        while "$ref" in schema:
            found: Any = self._content
            for part in schema["$ref"].removeprefix("#/").split("/"):
                found = found[part.replace("~1", "/").replace("~0", "~")]
            schema = found
        return schema

    def problems(self, schema: Schema, value: Any) -> list[str]:
        """Return what is wrong with a value, each as the place and the words."""
        validator = self._validator(schema)
        return [
            f"{error.json_path}: {error.message[:200]}"
            for error in sorted(validator.iter_errors(value), key=lambda error: error.json_path)[:10]
        ]

    def _validator(self, schema: Schema) -> Validator:
        """Return the validator of a schema; the document keeps it, as it keeps the schema."""
        if id(schema) not in self._validators:
            # Kept together: the number of a schema that is gone may be given to another.
            self._validators[id(schema)] = (schema, self._make_validator(schema))
        return self._validators[id(schema)][1]

    def _make_validator(self, schema: Schema) -> Validator:
        # The schema stands inside the whole document, where its references lead.
        kind = OAS30Validator if self._is_old else Draft202012Validator
        whole = {**{name: part for name, part in self._content.items() if name == "components"}, **schema}
        validator: Validator = kind(whole)
        return validator
