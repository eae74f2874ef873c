"""Which carrier of a connection's list a seller means by what they wrote."""

import difflib
import re
from collections.abc import Iterator

from channels_app.flows.fulfil_rules import LONGEST_REASON, FulfilmentError
from channels_app.models import Channel, Shipment
from channels_app.vocabulary import CARRIERS

#: Carriers that are named to somebody who wrote none of them.
_NAMED = 3


def last_used(channel: Channel) -> str:
    """Return what the field of the carrier begins with: that of the channel's latest parcel, if it is still known."""
    parcel = Shipment.objects.filter(channel=channel).order_by("-pk").first()
    if parcel is None:
        return ""
    known = channel.choices("carriers")
    return parcel.carrier_name if not known else parcel.carrier_code if parcel.carrier_code in dict(known) else ""


class Carriers:
    """The carriers of one channel, by every name that sellers know them by."""

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self._names = dict(channel.choices("carriers"))
        #: The connection's own names win over the words of sellers.
        self._codes: dict[str, str] = {}
        for text, code in self._known():
            self._codes.setdefault(_simple(text), code)
        self._unknown: dict[str, str] = {}

    def _known(self) -> Iterator[tuple[str, str]]:
        for code, name in self._names.items():
            yield code, code
            yield name, code
        also = {word.name: word.also for word in CARRIERS}
        for code, name in self.channel.usual("carriers"):
            for text in (name, *also.get(name, ())):
                yield text, code

    def find(self, words: str) -> tuple[str, str]:
        """Return code and name; without a list any words will do. Raises FulfilmentError, naming those most alike."""
        if not self._names:
            if len(words) > LONGEST_REASON:
                raise FulfilmentError(f"The carrier may have {LONGEST_REASON} characters at most.")
            return "", words
        if not words and len(self._names) == 1:
            return next(iter(self._names.items()))
        code = self._codes.get(_simple(words))
        if code is None:
            raise FulfilmentError(self._explain(words))
        return code, self._names[code]

    def _explain(self, words: str) -> str:
        if words not in self._unknown:
            alike = difflib.get_close_matches(_simple(words), self._codes, n=2 * _NAMED, cutoff=0.5)
            codes = dict.fromkeys(self._codes[name] for name in alike)
            said = f"{self.channel.name} knows no carrier “{words}”." if words else "Enter the carrier."
            if codes:
                self._unknown[words] = f"{said} Did you mean {_listed([self._names[code] for code in codes])}?"
            else:
                usual = dict(self.channel.usual("carriers")) or self._names
                self._unknown[words] = f"{said} It knows, among others, {_listed([self._names[c] for c in usual])}."
        return self._unknown[words]


def _listed(names: list[str]) -> str:
    *most, last = [f"“{name}”" for name in names[:_NAMED]]
    return f"{', '.join(most)} or {last}" if most else last


def _simple(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())
