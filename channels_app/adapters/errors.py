"""How a channel fails, sorted by remedy. Anything else that escapes an adapter is a bug and looks like one."""

from collections.abc import Mapping


class ChannelError(Exception):
    """Something went wrong at the channel. The message is for the seller and holds no secret."""

    def __init__(self, message: str, *, code: str = "", http_status: int | None = None, request_id: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.http_status = http_status
        self.request_id = request_id


class TemporaryError(ChannelError):
    """Nothing was done; try again later, `retry_after` seconds from now if the channel said so."""

    def __init__(
        self,
        message: str,
        *,
        retry_after: float | None = None,
        code: str = "",
        http_status: int | None = None,
        request_id: str = "",
    ) -> None:
        super().__init__(message, code=code, http_status=http_status, request_id=request_id)
        self.retry_after = retry_after


class OutcomeUnknown(ChannelError):  # noqa: N818 - it is an outcome, not only an error
    """The answer to a write was lost: look before sending again. Deliberately not a TemporaryError."""


class SettingsError(ChannelError):
    """The seller must act: wrong credentials, a missing setting. `field_errors` maps form fields to messages."""

    def __init__(
        self,
        message: str,
        *,
        field_errors: Mapping[str, str] | None = None,
        code: str = "",
        http_status: int | None = None,
        request_id: str = "",
    ) -> None:
        super().__init__(message, code=code, http_status=http_status, request_id=request_id)
        self.field_errors = dict(field_errors or {})


class RejectedByChannel(ChannelError):  # noqa: N818 - the channel's answer
    """This item, order or command is wrong; the others go on."""


class NotSupported(ChannelError):  # noqa: N818 - our bug, named after what it says
    """Asked beyond `capabilities`: a bug of ours, never the seller's."""
