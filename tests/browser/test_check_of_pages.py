"""The check of pages finds what is wrong with one, in both themes."""

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import assert_good

pytestmark = pytest.mark.browser

GOOD = (
    '<!doctype html><html lang="en"><title>Page</title><main><h1>Page</h1><p style="color: light-dark(#000, %s)">'
    "Words</p>%s</main>"
)
DARK = (
    "<style>:root { color-scheme: light dark; }"
    " @media (prefers-color-scheme: dark) { body { background: #000 } }</style>"
)


@pytest.mark.parametrize(
    ("page_of", "wrong"),
    [
        (GOOD % ("#fff", DARK), ""),
        (GOOD % ("#fff", DARK + '<img src="data:,">'), "image-alt"),
        (GOOD % ("#111", DARK), "dark.*color-contrast"),
        (GOOD % ("#fff", DARK + '<p style="width: 3000px">Wide</p>'), "<= 0"),
    ],
    ids=["good", "a picture without words", "too dark in the dark", "too wide"],
)
def test_what_is_wrong_is_found(page: Page, page_of: str, wrong: str):
    page.set_content(page_of)

    if not wrong:
        assert_good(page)
        return
    with pytest.raises(AssertionError, match=wrong):
        assert_good(page)
