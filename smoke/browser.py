"""A browser without a screen: it follows redirects, keeps cookies, and fills in the forms it finds on a page."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx


class PageError(Exception):
    """The page was not what a person would have expected; the message says which and why."""

    def __init__(self, message: str, *, status: int = 0) -> None:
        super().__init__(message)
        #: What the site answered, where that was the trouble.
        self.status = status


#: Expect this to go on without looking at the page that follows.
REDIRECT = (302,)

Value = str | list[str]
#: Field -> (file name, content, type).
Files = Mapping[str, tuple[str, bytes, str]]


@dataclass
class Form:
    """A form as it stands on the page: what would be sent if nothing were touched."""

    id: str
    action: str
    method: str
    values: dict[str, list[str]] = field(default_factory=dict)
    #: Check boxes and radio buttons, ticked or not: name -> their values.
    boxes: dict[str, list[str]] = field(default_factory=dict)
    #: What a box says of itself, for those that see no table: its value -> words.
    box_words: dict[str, str] = field(default_factory=dict)
    #: Choices of a select: name -> value -> words.
    choices: dict[str, dict[str, str]] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    #: What stands beside a field: name -> words.
    labels: dict[str, str] = field(default_factory=dict)
    #: Fields that are there but locked.
    disabled: set[str] = field(default_factory=set)

    def has(self, name: str) -> bool:
        return name in self.values or name in self.boxes or name in self.choices

    def value_of(self, name: str, words: str) -> str:
        """Return the value of the choice of this select whose text contains `words`."""
        for value, text in self.choices.get(name, {}).items():
            if words in text:
                return value
        raise PageError(f"{name} offers no “{words}”: {self.choices.get(name)}")


@dataclass(frozen=True)
class Page:
    url: str
    status: int
    text: str
    forms: list[Form]
    #: Address and words of each link.
    links: list[tuple[str, str]]
    #: The page's words, without its markup.
    words: str

    def form(self, *, with_field: str = "", action: str = "") -> Form:
        """Return the first form that has this field, or whose address holds these words. Raises PageError."""
        for form in self.forms:
            if (not with_field or form.has(with_field)) and (not action or action in urlsplit(form.action).path):
                return form
        raise PageError(f"{self.url} has no form with {with_field or action}. It says: {self.words[:1500]}")

    def find_link(self, words: str) -> str:
        """Return where the first link with these words leads, or ""."""
        return next((link for link, text in self.links if text == words), "")

    def find_form(self, *, with_field: str = "", action: str = "") -> Form | None:
        try:
            return self.form(with_field=with_field, action=action)
        except PageError:
            return None


class Browser:
    """One person at one site."""

    def __init__(self, site: str) -> None:
        self.site = site
        self._client = httpx.Client(base_url=site, follow_redirects=True, timeout=60, trust_env=False)

    def close(self) -> None:
        self._client.close()

    def open(self, path: str) -> Page:
        """Return the page. Raises PageError if it is not there."""
        return self._read(self._client.get(path))

    def submit(
        self,
        page: Page,
        form: Form,
        values: Mapping[str, Value | None] | None = None,
        *,
        button: tuple[str, str] | None = None,
        files: Files | None = None,
        expect: tuple[int, ...] = (200,),
    ) -> Page:
        """Fill in `values` (None: leave the field out, as an unticked box), press `button`, and return what comes."""
        sent: dict[str, list[str]] = {name: list(value) for name, value in form.values.items()}
        for name, value in (values or {}).items():
            if value is None:
                sent.pop(name, None)
            else:
                sent[name] = value if isinstance(value, list) else [value]
        if button:
            sent[button[0]] = [button[1]]
        return self.post(urljoin(page.url, form.action), sent, referer=page.url, files=files, expect=expect)

    def post(
        self,
        url: str,
        values: Mapping[str, list[str]],
        *,
        referer: str,
        files: Files | None = None,
        expect: tuple[int, ...] = (200,),
    ) -> Page:
        """Send these values as a form would. The page after a redirect is not looked at if 302 is all we expect."""
        answer = self._client.post(
            url,
            data=dict(values),
            files=dict(files) if files else None,
            headers={"Referer": referer, "Origin": self.site},
            follow_redirects=expect != REDIRECT,
        )
        return self._read(answer, expect)

    def _read(self, answer: httpx.Response, expect: tuple[int, ...] = (200,)) -> Page:
        reader = _Reader(str(answer.url))
        reader.feed(answer.text)
        page = Page(
            url=str(answer.url),
            status=answer.status_code,
            text=answer.text,
            forms=reader.all_forms(),
            links=reader.links,
            words=" ".join(" ".join(reader.words).split()),
        )
        if answer.status_code not in expect:
            said = _complaints(page.text) or page.words[:1500]
            raise PageError(f"{page.url} answered {page.status}: {said}", status=page.status)
        return page


def _complaints(text: str) -> str:
    """Return what a page says is wrong: its alerts and what stands at its fields."""
    found = re.findall(r'role="alert"[^>]*>(.*?)</div>|<p class="error"[^>]*>(.*?)</p>', text, re.DOTALL)
    return " ".join(" ".join(re.sub(r"<[^>]+>", " ", "".join(one)).split()) for one in found)


class _Reader(HTMLParser):
    """Collects forms (and the fields that belong to them from elsewhere on the page), links and words."""

    def __init__(self, url: str) -> None:
        super().__init__(convert_charrefs=True)
        self.url = url
        self.links: list[tuple[str, str]] = []
        self.words: list[str] = []
        self._forms: dict[str, Form] = {}
        self._open: Form | None = None
        self._select: tuple[Form, str, bool, bool] | None = None
        self._option: tuple[str, bool] | None = None
        self._text: tuple[Form, str, bool] | None = None
        self._heard: list[str] = []
        self._silent = 0
        self._link: tuple[str, list[str]] | None = None
        self._label: tuple[str, list[str]] | None = None
        #: Element id -> the form and the name of the field.
        self._fields: dict[str, tuple[Form, str]] = {}
        self._label_words: dict[str, str] = {}

    def all_forms(self) -> list[Form]:
        for element, words in self._label_words.items():
            if element in self._fields:
                form, name = self._fields[element]
                form.labels[name] = words
        return list(self._forms.values())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        match tag:
            case "form":
                self._open = self._form(given.get("id") or f"#{len(self._forms)}")
                self._open.action = given.get("action") or self.url
                self._open.method = given.get("method", "get").lower()
            case "a" if given.get("href"):
                self._link = (urljoin(self.url, given["href"]), [])
            case "label" if given.get("for"):
                self._label = (given["for"], [])
            case "input":
                self._input(given)
            case "button":
                self._button(given)
            case "select":
                self._begin_select(given)
            case "option":
                self._end_option()
                self._option = (given.get("value", ""), "selected" in given)
                self._heard = []
            case "textarea":
                form = self._owner(given)
                if form and given.get("name"):
                    self._text = (form, given["name"], "disabled" in given)
                    self._heard = []
            case "script" | "style":
                self._silent += 1

    def handle_endtag(self, tag: str) -> None:
        match tag:
            case "form":
                self._open = None
            case "a" if self._link:
                self.links.append((self._link[0], " ".join(" ".join(self._link[1]).split())))
                self._link = None
            case "label" if self._label:
                self._label_words[self._label[0]] = " ".join(" ".join(self._label[1]).split())
                self._label = None
            case "option":
                self._end_option()
            case "select":
                self._end_option()
                self._end_select()
            case "textarea" if self._text:
                form, name, disabled = self._text
                text = "".join(self._heard)
                self._add(form, name, text[1:] if text.startswith("\n") else text, disabled=disabled)
                self._text = None
            case "script" | "style":
                self._silent -= 1

    def handle_data(self, data: str) -> None:
        self._heard.append(data)
        if not self._silent and data.strip():
            self.words.append(data)
            for heard in (self._link, self._label):
                if heard:
                    heard[1].append(data)

    def _form(self, form_id: str) -> Form:
        return self._forms.setdefault(form_id, Form(id=form_id, action=self.url, method="post"))

    def _owner(self, given: Mapping[str, str]) -> Form | None:
        return self._form(given["form"]) if given.get("form") else self._open

    def _add(self, form: Form, name: str, value: str, *, disabled: bool) -> None:
        if disabled:
            form.disabled.add(name)
        else:
            form.values.setdefault(name, []).append(value)

    def _input(self, given: Mapping[str, str]) -> None:
        form, name, kind = self._owner(given), given.get("name", ""), given.get("type", "text")
        if form is None or not name:
            return
        self._fields[given.get("id", "")] = (form, name)
        disabled = "disabled" in given
        if kind in ("checkbox", "radio"):
            value = given.get("value", "on")
            form.boxes.setdefault(name, []).append(value)
            form.box_words[value] = given.get("aria-label", "")
            if disabled:
                form.disabled.add(name)
            elif "checked" in given:
                self._add(form, name, value, disabled=False)
        elif kind in ("submit", "image"):
            form.buttons.append((name, given.get("value", "")))
        elif kind == "file":
            form.boxes.setdefault(name, [])
        else:
            self._add(form, name, given.get("value", ""), disabled=disabled)

    def _button(self, given: Mapping[str, str]) -> None:
        form = self._owner(given)
        if form and given.get("type", "submit") == "submit":
            form.buttons.append((given.get("name", ""), given.get("value", "")))

    def _begin_select(self, given: Mapping[str, str]) -> None:
        form = self._owner(given)
        if form and given.get("name"):
            self._fields[given.get("id", "")] = (form, given["name"])
            form.choices.setdefault(given["name"], {})
            self._select = (form, given["name"], "multiple" in given, "disabled" in given)

    def _end_option(self) -> None:
        if self._option and self._select:
            value, selected = self._option
            form, name, _, disabled = self._select
            form.choices[name][value] = " ".join("".join(self._heard).split())
            if selected:
                self._add(form, name, value, disabled=disabled)
        self._option = None

    def _end_select(self) -> None:
        if self._select:
            form, name, multiple, disabled = self._select
            if not multiple and not disabled and name not in form.values and form.choices[name]:
                self._add(form, name, next(iter(form.choices[name])), disabled=False)
        self._select = None
