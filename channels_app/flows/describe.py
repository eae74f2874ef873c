"""What a channel is told of a product: each field of its category answered from the item, as the seller said. Pure.

An answer is "part:title" (what every item says of itself), "attribute:colour" (an attribute or a variation of the item)
or "text:Blue" (the same for all). Without one, the attribute that is called like the field answers, or the usual part.

Where a field knows only some choices, an item's word is one of them by its code or name, or means the one that the
seller said.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import md5
from typing import NamedTuple, Protocol

from channels_app.adapters.types import Choice, Part, ProductField

PART, ATTRIBUTE, TEXT = "part", "attribute", "text"
#: What follows the name of the field that a problem is about.
_MISSING, _UNKNOWN = " is missing, and", ": this marketplace does not know"
#: So many choices are named to a seller whose word is none of them.
_NAMED = 8


class Described(Protocol):
    """What an item says of itself; a Content and a ContentLine do."""

    @property
    def sku(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def description(self) -> str: ...
    @property
    def brand(self) -> str: ...
    @property
    def gtin(self) -> str: ...
    @property
    def parent_sku(self) -> str: ...
    @property
    def images(self) -> Sequence[str]: ...
    @property
    def attributes(self) -> Mapping[str, object]: ...
    @property
    def variation(self) -> Mapping[str, object]: ...


@dataclass(frozen=True)
class Mapped:
    """What one of the seller's categories is on a channel."""

    code: str
    name: str
    fields: Sequence[ProductField]
    answers: Mapping[str, str]
    #: By the code of a field: words of the seller's -> codes of the choices that they mean.
    meanings: Mapping[str, Mapping[str, str]]

    def find(self, field: ProductField, word: str) -> Choice | None:
        """Return the choice that the word means: the one that the seller said, while there is such a one, comes first.

        By code or name it is one of them else; None if it is none.
        """
        called, names = word.casefold(), self._names[field.code]
        meant = self._meant.get(field.code, {}).get(called)
        code = meant if meant in names else self.codes[field.code].get(called)
        return None if code is None else Choice(code=code, name=names[code])

    @cached_property
    def _names(self) -> Mapping[str, Mapping[str, str]]:
        return {field.code: {one.code: one.name for one in reversed(field.choices)} for field in self.fields}

    @cached_property
    def _meant(self) -> Mapping[str, Mapping[str, str]]:
        return {code: {word.casefold(): one for word, one in words.items()} for code, words in self.meanings.items()}

    @cached_property
    def codes(self) -> Mapping[str, Mapping[str, str]]:
        """By the code of a field with choices: what these may be called -> their codes. Lists are long, items many."""
        return {field.code: _by_word(field.choices) for field in self.fields if field.choices}


class Product(NamedTuple):
    """One item as the channel is told of it; `problems` in the seller's words."""

    category: str
    values: Mapping[str, str]
    problems: Sequence[str] = ()
    #: The same for people: the category's name, and what is said by the fields' names.
    name: str = ""
    told: Mapping[str, str] = {}
    #: By the code of a field: the item's word that is none of its choices.
    unknown: Mapping[str, str] = {}


_PARTS: Mapping[Part, Callable[[Described], str]] = {
    Part.TITLE: lambda item: item.title,
    Part.DESCRIPTION: lambda item: item.description,
    Part.BRAND: lambda item: item.brand,
    Part.SKU: lambda item: item.sku,
    Part.GTIN: lambda item: item.gtin,
    Part.PARENT_SKU: lambda item: item.parent_sku,
    Part.IMAGE: lambda item: item.images[0] if item.images else "",
}


def describe(item: Described, mapped: Mapped) -> Product:
    """Return what the channel is told of the item, and what is wrong with it."""
    values, told, problems, unknown = {}, {}, [], {}
    for field in mapped.fields:
        said = say(item, field, mapped)
        choice = mapped.find(field, said) if said and field.choices else None
        if said and field.choices and choice is None:
            problems.append(f"{field.name}{_UNKNOWN} “{said}”. {_name_some(field.choices)}")
            unknown[field.code] = said
        elif said:
            values[field.code] = choice.code if choice else said
            told[field.name] = _in_words(said, choice)
        elif field.required:
            problems.append(f"{field.name}{_MISSING} {mapped.name} needs it. {_way_out(field, mapped)}")
    return Product(mapped.code, values, problems, mapped.name, told, unknown)


def _in_words(said: str, choice: Choice | None) -> str:
    """Return what is told: the word, and beside it the choice that it means where that is called otherwise."""
    if choice is None or said.casefold() in (choice.name.casefold(), choice.code.casefold()):
        return said
    return f"{choice.name} (“{said}”)"


def field_in(problem: str) -> str:
    """Return the name of the field that a problem is about, the first of several; empty if it is about none."""
    places = [(place, sign) for sign in (_MISSING, _UNKNOWN) if (place := problem.find(sign)) > 0]
    return problem[: min(places)[0]] if places else ""


def anchor_of(name: str) -> str:
    """Return where the field of this name stands on the page of a category."""
    return f"field-{md5(name.encode(), usedforsecurity=False).hexdigest()[:12]}"


def say(item: Described, field: ProductField, mapped: Mapped) -> str:
    """Return what the item answers to one field; empty if nothing."""
    kind, _, name = mapped.answers.get(field.code, "").partition(":")
    match kind:
        case "text":
            return name
        case "attribute":
            return _of(item, [name])
        case "part":
            return _part(item, Part(name), mapped)
    if field.usual is Part.CATEGORY:
        return mapped.code
    return _of(item, [field.code, field.name]) or (_part(item, field.usual, mapped) if field.usual else "")


def _part(item: Described, part: Part, mapped: Mapped) -> str:
    return mapped.code if part is Part.CATEGORY else _PARTS[part](item).strip()


def _of(item: Described, names: Iterable[str]) -> str:
    """Return the attribute or variation with one of these names, however they are written."""
    wanted = {_bare(name) for name in names}
    for said in (item.variation, item.attributes):
        for name, value in said.items():
            if _bare(name) in wanted and str(value).strip():
                return str(value).strip()
    return ""


def _bare(name: str) -> str:
    """Return the letters and digits of a name: “Count per pack” and “countPerPack” are the same."""
    return "".join(filter(str.isalnum, name.casefold()))


def find_choice(said: str, choices: Sequence[Choice]) -> str | None:
    """Return the code of the choice that is meant, by code or by name, or None."""
    return _by_word(choices).get(said.casefold())


def _by_word(choices: Sequence[Choice]) -> Mapping[str, str]:
    """Return the codes by all that they may be called."""
    names = {choice.name.casefold(): choice.code for choice in reversed(choices)}
    return names | {choice.code.casefold(): choice.code for choice in reversed(choices)}


def _name_some(choices: Sequence[Choice]) -> str:
    names = ", ".join(choice.name for choice in choices[:_NAMED])
    more = len(choices) - _NAMED
    return f"It may be: {names}{f' and {more} more' if more > 0 else ''}."


def _way_out(field: ProductField, mapped: Mapped) -> str:
    kind, _, name = mapped.answers.get(field.code, "").partition(":")
    if kind == ATTRIBUTE:
        # Not quoted: it is the same of all items, and what is quoted is taken for what differs.
        return f"Fill in this attribute of the item: {name}."
    if kind == PART or field.usual is not None:
        return f"Fill in the item's {(name or str(field.usual)).replace('_', ' ')}."
    return "Fill in an attribute of that name, or say under Products where it stands."
