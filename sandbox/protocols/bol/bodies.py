"""What a body of bol.com's may hold."""

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Strict(BaseModel):
    """A body in which a word that bol.com does not know is an error."""

    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, populate_by_name=True)
