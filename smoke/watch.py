"""What passes between the product and the marketplace, held against the protocol's contract."""

from typing import Any

from contracts.checking import Contract, find_vendor_folder
from contracts.proxy import CheckingProxy
from contracts.record import Record
from smoke.channels import Kind
from smoke.stack import Stack


class Watch:
    """Stands between both for the whole journey. The sandbox's own protocol has no contract: it is not watched."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self.target = self._native = ""
        self._proxy: CheckingProxy | None = None
        if not kind.is_native:
            self._record = Record(Contract.load(kind.name, vendor_folder=find_vendor_folder()))
            self._proxy = CheckingProxy(self._record)
            self._proxy.start()

    @property
    def host(self) -> str:
        """The address that the product may call, as host:port."""
        return self._proxy.host if self._proxy else ""

    @property
    def url(self) -> str:
        """Where the product finds the marketplace."""
        return self._proxy.url if self._proxy else self.target

    def follow(self, stack: Stack) -> None:
        """The marketplace of this stack is watched, which runs anew."""
        self.target = stack.sandbox if self._kind.is_native else stack.simulators[self._kind.name]
        if self._proxy:
            self._proxy.target = self.target

    def stop(self) -> None:
        if self._proxy:
            self._proxy.stop()

    def figures(self) -> dict[str, Any]:
        """Return how much was held against the contract, and how much of it was wrong."""
        if not self._proxy:
            return {"requests_validated": 0, "responses_validated": 0, "contract_violations": 0}
        return {
            "requests_validated": self._record.requests_validated,
            "responses_validated": self._record.responses_validated,
            "contract_violations": self._record.violation_count,
            "operations_exercised": len(self._record.operations),
        }

    def wrong(self) -> list[str]:
        """Return every violation."""
        return list(self._record.violations) if self._proxy else []

    def unused(self) -> list[str]:
        """Return the operations that the journey needs and never used."""
        if not self._proxy:
            return []
        missing = sorted(self._kind.operations - self._record.operations.keys())
        return [f"the operation {name} was never used" for name in missing]
