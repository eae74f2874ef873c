"""What passes between the product and a marketplace is judged."""

from collections.abc import Iterator

import httpx
import pytest

from smoke.channels import KINDS
from smoke.watch import Watch

pytestmark = pytest.mark.local_servers


@pytest.fixture
def watch() -> Iterator[Watch]:
    watch = Watch(KINDS["mirakl"])
    yield watch
    watch.stop()


def test_what_breaks_the_contract_and_what_was_never_used_is_wrong(watch):
    for path in ("/api/account", "/api/nothing"):
        # Nobody answers behind the proxy.
        with pytest.raises(httpx.RemoteProtocolError):
            httpx.get(f"{watch.url}{path}", headers={"authorization": "4f2b"}, trust_env=False)

    assert watch.figures()["contract_violations"] == 1
    assert watch.wrong() == ["GET /api/nothing: no such operation is stated"]
    unused = {text.split()[2] for text in watch.unused()}
    assert unused == KINDS["mirakl"].operations - {"A01"}
