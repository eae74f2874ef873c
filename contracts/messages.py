"""A call and its answer as they went over the wire, and what is in their bodies."""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True)
class Call:
    """A request. Names of headers are in small letters."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.url).path

    @property
    def query(self) -> list[tuple[str, str]]:
        return parse_qsl(urlsplit(self.url).query, keep_blank_values=True)

    @property
    def media_type(self) -> str:
        return _media_type(self.headers)


@dataclass(frozen=True, slots=True)
class Answer:
    """A response. Names of headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def media_type(self) -> str:
        return _media_type(self.headers)


def _media_type(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def read_form(body: bytes) -> dict[str, str]:
    """Return the fields of a form."""
    return dict(parse_qsl(body.decode(), keep_blank_values=True))


def read_parts(call: Call) -> dict[str, bytes]:
    """Return the parts of a multipart body, by name."""
    head = f"Content-Type: {call.headers['content-type']}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + call.body)
    parts: dict[str, bytes] = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        parts[str(name)] = content if isinstance(content, bytes) else b""
    return parts


def read_columns(content: bytes) -> tuple[str, ...]:
    """Return the columns of a CSV file with semicolons or commas."""
    text = content.decode("utf-8-sig")
    first = text.partition("\n")[0]
    return tuple(next(csv.reader(io.StringIO(text), delimiter=";" if ";" in first else ","), ()))


def read_json(content: bytes) -> Any:
    """Return the JSON inside. Raises ValueError."""
    return json.loads(content)
