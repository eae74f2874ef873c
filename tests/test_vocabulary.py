"""What a marketplace most likely calls a carrier or a reason."""

import pytest

from channels_app.vocabulary import CANCEL_REASONS, CARRIERS, LISTS, REFUND_REASONS, suggest

WALMART = [(name, name) for name in ("UPS", "USPS", "FedEx", "FedEx SmartPost", "OnTrac", "DHL Ecommerce - US", "DHL")]
BOL = [(code, code) for code in ("BRIEFPOST", "UPS", "TNT", "TNT-EXTRA", "DPD-NL", "DPD-BE", "BPOST_BE", "DHLFORYOU")]
OPERATOR = [("34", "Cancelled by customer"), ("15", "Product out of stock"), ("16", "Pricing error"), ("99", "Other")]


def word(words, key):
    return next(one for one in words if one.key == key)


@pytest.mark.parametrize(
    ("key", "choices", "code"),
    [
        ("ups", WALMART, "UPS"),
        ("fedex", WALMART, "FedEx"),
        ("dhl", WALMART, "DHL"),
        ("postnl", WALMART, ""),
        ("postnl", BOL, "TNT"),
        ("dpd", BOL, "DPD-NL"),
        ("bpost", BOL, "BPOST_BE"),
        ("dhl", BOL, "DHLFORYOU"),
    ],
)
def test_a_carrier_is_found_by_any_of_its_names(key, choices, code):
    assert suggest(word(CARRIERS, key), choices) == code


@pytest.mark.parametrize(
    ("key", "code"), [("out_of_stock", "15"), ("price_error", "16"), ("buyer_request", "34"), ("undeliverable", "")]
)
def test_a_reason_is_found_by_the_words_in_it(key, code):
    assert suggest(word(CANCEL_REASONS, key), OPERATOR) == code


def test_names_in_one_word_are_read_as_several():
    assert suggest(word(REFUND_REASONS, "late"), [("CustomerReceivedItemLate", "CustomerReceivedItemLate")])


def test_what_may_mean_several_things_is_not_guessed():
    choices = [("1", "Damaged in transit"), ("2", "Damaged by customer")]

    assert suggest(word(REFUND_REASONS, "damaged"), choices) == ""


def test_every_word_has_a_key_of_its_own():
    for _, words in LISTS.values():
        keys = [one.key for one in words]
        assert len(set(keys)) == len(keys)
