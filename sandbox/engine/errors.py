"""How the marketplace refuses. A protocol turns these into its own kind of answer."""


class Refused(Exception):
    """What was asked cannot be done; nothing was changed."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Unauthorized(Refused):
    """The credentials or the token are not, or no longer, valid."""


class NotFound(Refused):
    """There is no such thing on this account."""


class Conflict(Refused):
    """It contradicts what is already so: the state of the order, the stock, an idempotency key already used."""


class Invalid(Refused):
    """The request itself makes no sense."""


class TooLarge(Refused):
    """More lines than one submission may hold."""
