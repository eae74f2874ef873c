"""The interface every channel adapter implements, and what it declares about itself."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms

from channels_app.adapters.errors import NotSupported
from channels_app.adapters.types import (
    Account,
    Capability,
    Category,
    CommandResult,
    ConnectionFacts,
    ContentLine,
    Export,
    Kind,
    Limit,
    Line,
    LostSubmission,
    OrderCommand,
    OrderPage,
    ProductField,
    Receipt,
    RemoteOrder,
    Report,
    ReturnPage,
)

if TYPE_CHECKING:
    from channels_app.adapters.http import Answer, HttpClient
    from channels_app.adapters.tokens import TokenStore


class ChannelAdapter(ABC):
    """Speaks to one kind of marketplace for one account.

    The class declares the most it can do; the facts of a connection say what that connection can, and flows read facts.
    Verbs raise only the errors of `errors.py`. Reads may be repeated; a write takes an idempotency `key`, and one whose
    answer was lost raises OutcomeUnknown.
    """

    #: Stored in Channel.adapter_key; never renamed.
    key: ClassVar[str]
    #: The marketplace's name, as people know it.
    label: ClassVar[str]
    #: One sentence for the catalogue.
    summary: ClassVar[str] = ""
    capabilities: ClassVar[frozenset[Capability]]
    #: Rates per operation, which the shared limiter keeps and the frequency page shows.
    limits: ClassVar[Mapping[str, Limit]] = {}
    #: Most lines that one submission may carry.
    submission_lines: ClassVar[Mapping[Kind, int]]
    #: Seconds between two runs of a job, by ChannelJob kind; jobs that are missing here do not exist on this channel.
    intervals: ClassVar[Mapping[str, int]]
    #: Whether a write that is repeated with the same key has its effect once. If not, a lost one is left to settle
    #: before it is looked for, and looked for before it is sent again.
    honours_keys: ClassVar[bool] = False
    #: Whether the channel names listings by numbers of its own. If so, results bring them and later lines carry them.
    gives_remote_ids: ClassVar[bool] = False
    #: So many categories are asked about in one question; each answer is kept before the next one is asked.
    categories_at_once: ClassVar[int] = 1_000
    #: Whether a content line brings the quantity too. If not, it is sent by itself once the listing is there.
    content_brings_quantity: ClassVar[bool] = True
    #: A submission that is open for longer raises the alarm. None: forty intervals of the `results` job.
    answers_within: ClassVar[timedelta | None] = None
    #: The account's settings: a Django form; PasswordInput fields are secrets and are stored encrypted.
    account_form: ClassVar[type[forms.Form]]
    #: Where the seller reads when the credentials expire, in a sentence or two, as the marketplace documents it.
    expiry_help: ClassVar[str] = (
        "Many marketplaces show it where the credentials were made; empty if they do not expire."
    )

    def __init__(self, account: Account, *, http: "HttpClient", tokens: "TokenStore") -> None:
        self.account = account
        self.http = http
        self.tokens = tokens

    @classmethod
    def host(cls, settings: Mapping[str, Any]) -> str:
        """Return host:port that this account's calls go to: at most so many jobs run against one host at once."""
        return cls.key

    @classmethod
    def pause_after(cls, answer: "Answer") -> float | None:
        """Return the seconds to wait that a 429 asks for, or None if it does not say."""
        return answer.retry_after

    @abstractmethod
    def check_connection(self) -> ConnectionFacts:
        """Return what this connection can do. Raises SettingsError with field errors if the credentials are refused."""

    @abstractmethod
    def submit(self, kind: Kind, lines: Sequence[Line], *, key: str) -> Receipt:
        """Hand `lines` over. The same key again has no second effect where the channel honours keys."""

    @abstractmethod
    def poll(self, kind: Kind, handle: str) -> Report:
        """Return the phase of a submission, with a result for every line once it is done."""

    @abstractmethod
    def find_submission(self, lost: LostSubmission) -> Receipt | None:
        """Return the receipt of a submission whose answer was lost, or None if the channel never received it.

        None has the present truth of its lines sent anew: absolute values, so that is harmless if it was wrong.
        """

    def list_categories(self) -> Iterable[Category]:
        """Return every category that a product may be put into."""
        raise NotSupported("This marketplace takes no new products.")

    def list_fields(self, categories: Sequence[str]) -> Mapping[str, Sequence[ProductField]]:
        """Return what the channel wants to know of products of these categories, by category.

        What it wants of all products stands under "", and what it wants of a wider category under that alone. More may
        be told than was asked for; a category that is missing has no fields of its own.
        """
        raise NotSupported("This marketplace takes no new products.")

    def why_refused(self, line: ContentLine) -> str:
        """Return why `submit` would refuse the line before it is sent, in the seller's words, or "". Pure."""
        return ""

    def export_listings(self, handle: str = "") -> Export:
        """Ask for every listing of the account, or look whether the export of `handle` is ready."""
        raise NotSupported("This marketplace cannot list what it shows.")

    @abstractmethod
    def first_cursor(self, since: datetime) -> str:
        """Return the cursor from which orders placed at or after `since` are seen."""

    @abstractmethod
    def fetch_orders(self, cursor: str) -> OrderPage:
        """Return a page of orders changed at or after `cursor`; pages overlap, so the same order may come again."""

    @abstractmethod
    def parse_order(self, body: Mapping[str, Any]) -> RemoteOrder:
        """Return the order that a raw body describes. Pure. Raises RejectedByChannel for a body it cannot read."""

    def accept(self, command: OrderCommand, *, key: str) -> CommandResult:
        raise NotSupported("Orders need no acceptance here.")

    @abstractmethod
    def ship(self, command: OrderCommand, *, key: str) -> CommandResult: ...

    @abstractmethod
    def cancel(self, command: OrderCommand, *, key: str) -> CommandResult: ...

    def refund(self, command: OrderCommand, *, key: str) -> CommandResult:
        raise NotSupported("This marketplace takes no refunds from sellers.")

    def answer_cancellation(self, command: OrderCommand, *, key: str) -> CommandResult:
        """Approve or refuse a buyer's cancellation request (`command.approve_request`)."""
        raise NotSupported("Buyers cannot ask for cancellation here.")

    def first_returns_cursor(self, since: datetime) -> str:
        """Return the cursor from which returns registered at or after `since` are seen."""
        raise NotSupported("Returns are not read here.")

    def fetch_returns(self, cursor: str) -> ReturnPage:
        """Return a page of returns registered or changed at or after `cursor`."""
        raise NotSupported("Returns are not read here.")

    def handle_return(self, command: OrderCommand, *, key: str) -> CommandResult:
        """Tell the channel what was decided about lines of a return (`command.return_remote_id`)."""
        raise NotSupported("Returns are not decided here.")

    def poll_commands(self, handles: Sequence[str]) -> Mapping[str, CommandResult]:
        """Return what became of commands that were answered with these handles, by handle.

        One that is left out, or whose result has a handle and no results, is still under way.
        """
        raise NotSupported("Commands are answered at once here.")

    @abstractmethod
    def find_command(self, command: OrderCommand, *, key: str) -> CommandResult | None:
        """Return what a command whose answer was lost did, or None if it did nothing and may be sent again.

        A channel without idempotency keys is asked for the order: what has changed on it since `command.sent_at`.
        Raises OutcomeUnknown if that leaves it unclear: it stays open then, is looked for again, and raises the alarm.
        """
