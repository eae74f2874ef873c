"""What there is to know before an item is described: its product type, and what that type needs.

Specification and list of types are as Walmart's "Get spec" and "Taxonomy" references describe them (read 2026-11):
`POST /v3/items/spec` takes 20 types at most, answers 207 where it does not know some, and the list is at
`GET /v3/items/taxonomy` with the version 5.0. That a call knowing none of its types is refused is the plainest thing.
"""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse
from pydantic import Field

from sandbox.engine.errors import Invalid
from sandbox.protocols.walmart.account import Account
from sandbox.protocols.walmart.bodies import Strict
from sandbox.protocols.walmart.product_types import PRODUCT_TYPES, TAXONOMY, VERSIONS, Orderable, schema_of
from sandbox.protocols.walmart.route import WalmartRoute

router = APIRouter(prefix="/v3/items", route_class=WalmartRoute)

_FEED_TYPE = "MP_ITEM"
#: The version of the list of product types; without one Walmart answers with the categories of old.
_TAXONOMY_VERSION = "5.0"


class Wanted(Strict):
    feed_type: str
    version: str
    product_types: Annotated[list[str], Field(max_length=20)] = []


@router.post("/spec", name="item_spec")
def get_spec(account_id: Account, body: Wanted) -> JSONResponse:
    """The JSON schema of a feed of items of these product types; of all, where none is named."""
    if body.feed_type != _FEED_TYPE:
        raise Invalid("invalid_request_content", f"There is no specification of the feed type {body.feed_type}.")
    if body.version not in VERSIONS:
        raise Invalid("invalid_request_content", f"There is no version {body.version} of the specification.")
    wanted = body.product_types or list(PRODUCT_TYPES)
    known = [name for name in wanted if name in PRODUCT_TYPES]
    if not known:
        raise Invalid("invalid_request_content", f"There is no product type {' or '.join(wanted)}.")
    schema = _schema(body.version, known)
    unknown = [name for name in wanted if name not in PRODUCT_TYPES]
    if unknown:
        errors = [f"There is no product type {name}." for name in unknown]
        return JSONResponse({"schema": schema, "errors": errors}, 207)
    return JSONResponse(schema)


def _schema(version: str, names: list[str]) -> dict[str, Any]:
    """The whole file as a schema: header, and entries of these types."""
    header = {
        "businessUnit": {"type": "string", "enum": ["WALMART_US"]},
        "locale": {"type": "string", "enum": ["en"]},
        "version": {"type": "string", "enum": [version]},
    }
    parts = {
        "Orderable": schema_of(Orderable),
        "Visible": {"type": "object", "properties": {name: schema_of(PRODUCT_TYPES[name]) for name in names}},
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": _FEED_TYPE,
        "type": "object",
        "properties": {
            "MPItemFeedHeader": {"type": "object", "properties": header, "required": list(header)},
            "MPItem": {
                "type": "array",
                "items": {"type": "object", "properties": parts, "required": list(parts)},
                "minItems": 1,
            },
        },
        "required": ["MPItemFeedHeader", "MPItem"],
        "additionalProperties": False,
    }


@router.get("/taxonomy", name="taxonomy")
def get_taxonomy(
    account_id: Account,
    version: str,
    feed_type: Annotated[str, Query(alias="feedType")] = _FEED_TYPE,
) -> JSONResponse:
    """All product types, in their groups, in their categories."""
    if version != _TAXONOMY_VERSION or feed_type != _FEED_TYPE:
        raise Invalid("invalid_request_param", f"There is no list of product types of {feed_type} {version}.")
    return JSONResponse({"itemTaxonomy": [_category(name, groups) for name, groups in TAXONOMY.items()]})


def _category(name: str, groups: dict[str, Any]) -> dict[str, Any]:
    return {
        "category": name,
        "productTypeGroup": [
            {"productTypeGroupName": group, "productType": [{"productTypeName": one} for one in types]}
            for group, types in groups.items()
        ],
    }
