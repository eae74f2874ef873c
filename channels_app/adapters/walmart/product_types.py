"""The calls that read Walmart's product types, and the specifications of some of them."""

from collections.abc import Sequence

from channels_app.adapters.errors import RejectedByChannel, SettingsError
from channels_app.adapters.types import Category, ProductField
from channels_app.adapters.walmart import specs
from channels_app.adapters.walmart.client import WalmartClient
from channels_app.adapters.walmart.content import NO_SPEC_VERSION
from channels_app.adapters.walmart.limits import MP_ITEM

#: The specifications in use are all of this family; only its taxonomy has product types.
_FAMILY = "5.0"


class ProductTypes:
    """What one account may ask; `version` is that of the item specification, empty if the seller gave none."""

    def __init__(self, client: WalmartClient, *, version: str) -> None:
        self._client = client
        self._version = version

    def list_all(self) -> list[Category]:
        params = {"feedType": MP_ITEM, "version": _FAMILY}
        return specs.read_categories(self._client.get("taxonomy", "/v3/items/taxonomy", params).body)

    def fields_of(self, names: Sequence[str]) -> dict[str, list[ProductField]]:
        """Return what the specification says. Raises SettingsError if its version is not given, or not known.

        One refused type is no reason to say nothing of the others: it has no fields then, and Walmart the last word.
        """
        if not self._version:
            raise SettingsError(NO_SPEC_VERSION, code="no_spec_version")
        try:
            return self._ask(names)
        except RejectedByChannel as error:
            if len(names) == 1:
                message = f"Walmart has no specification for this: {error}"
                raise SettingsError(message, field_errors={"item_spec_version": message}, code="no_spec") from error
        return {name: fields for one in names for name, fields in self._ask_one(one).items()}

    def _ask_one(self, name: str) -> dict[str, list[ProductField]]:
        try:
            return self._ask([name])
        except RejectedByChannel:
            return {}

    def _ask(self, names: Sequence[str]) -> dict[str, list[ProductField]]:
        body = {"feedType": MP_ITEM, "version": self._version, "productTypes": list(names)}
        answer = self._client.ask("item_spec", "/v3/items/spec", {}, body)
        return {name: specs.read_fields(answer, name) for name in names}
