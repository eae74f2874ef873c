"""Files whose layout is named by a parameter of the query, held against the marketplace's own schema of each layout."""

import json
from pathlib import Path
from typing import Self

from contracts.document import Document
from contracts.messages import Answer, Call, read_json, read_parts


class FeedFiles:
    """A document of layouts by name. It says nothing of other calls, and nothing of answers."""

    def __init__(self, layouts: Document, names: frozenset[str], *, path: str, parameter: str, part: str) -> None:
        self._layouts = layouts
        self._names = names
        self._path = path
        self._parameter = parameter
        self._part = part

    @classmethod
    def load(cls, file: Path, *, path: str, parameter: str, part: str) -> Self:
        content = json.loads(file.read_text())
        # Where references of a document lead.
        layouts = Document({"components": {"schemas": content["$defs"]}})
        return cls(layouts, frozenset(content["$defs"]), path=path, parameter=parameter, part=part)

    def check_call(self, call: Call) -> list[str]:
        """Return what is wrong with the file that a call brings, if it brings one of a known layout."""
        layout = dict(call.query).get(self._parameter, "")
        if call.path != self._path or call.media_type != "multipart/form-data" or layout not in self._names:
            return []
        content = read_parts(call).get(self._part, b"")
        try:
            problems = self._layouts.problems({"$ref": f"#/components/schemas/{layout}"}, read_json(content))
        except ValueError as error:
            problems = [str(error)]
        return [f"vendor: {layout} {problem}" for problem in problems]

    def check_answer(self, call: Call, answer: Answer) -> list[str]:
        return []
