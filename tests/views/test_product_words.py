"""Products: what words of the seller's mean on a channel that knows only some."""

from typing import Any

import pytest

from channels_app.adapters.types import Capability, Choice, ProductField
from channels_app.flows.mapping import field_as_json, read_mapped
from channels_app.forms import mapping as form
from channels_app.forms.mapping import mark_of
from channels_app.models import CategoryMapping, Channel, ChannelCategory, PendingChange
from tests.factories import NOW, make_job, make_user
from tests.flows.feed_rig import Rig
from tests.views.test_products import address, text

pytestmark = pytest.mark.django_db

COLOUR = ProductField(
    code="colour", name="Colour", required=True, choices=(Choice(code="B1", name="Blue"), Choice(code="R1", name="Red"))
)
ROOM = ProductField(code="room", name="Room")


@pytest.fixture
def rig():
    made = Rig()
    made.channel.facts["capabilities"].append(Capability.NEW_PRODUCTS)
    made.channel.save(update_fields=["facts"])
    make_job(made.channel, "categories")
    make_user(seller=made.seller)
    mugs = ChannelCategory.objects.create(
        channel=made.channel, code="MUGS", name="Home > Mugs", fields=[field_as_json(COLOUR), field_as_json(ROOM)]
    )
    CategoryMapping.objects.create(channel=made.channel, own="Cups", category=mugs, updated_at=NOW)
    for sku, colour in (("A", "Navy blue"), ("B", "navy Blue"), ("C", "Red"), ("D", "Bordeaux")):
        made.has_item(sku, attributes={"category": "Cups", "colour": colour})
    return made


@pytest.fixture
def owner(client, rig):
    client.force_login(rig.seller.memberships.get().user)
    return client


def means(word: str, kind: str = "means") -> str:
    return f"{kind}-{mark_of(COLOUR)}-{form._mark(word.casefold())}"


def save(owner: Any, rig: Any, words: dict[str, str], **more: str) -> Any:
    """Post what the page would with these words in it."""
    said = {means(word, "said"): word for word in words}
    given = {means(word): value for word, value in words.items()}
    here = address(rig, "channel_product", own="Cups")
    return owner.post(here, {"action": "answers", "category": "MUGS", **said, **given, **more}, follow=True)


def stored() -> Any:
    return CategoryMapping.objects.get().meanings


def test_words_that_are_not_known_there_stand_on_the_page_with_how_many_items_say_them(owner, rig):
    page = text(owner.get(address(rig, "channel_product", own="Cups")))

    assert "1 of 4 items looked at say everything" in page
    assert "What your words mean there: 2 not known yet" in page
    assert "“Navy blue”, 2 items" in page
    assert "“Bordeaux”, 1 item<" in page
    assert "“Red”" not in page


def test_a_word_that_was_told_answers_for_every_item_that_says_it(owner, rig):
    saved = save(owner, rig, {"Navy blue": "B1", "Bordeaux": ""})

    assert stored() == {"colour": {"Navy blue": "B1"}}
    assert "3 of 4 items looked at say everything" in text(saved)
    preview = text(owner.get(address(rig, "channel_preview", own="Cups")))
    assert "Colour: Blue (“Navy blue”)" in preview
    assert "Colour: Blue (“navy Blue”)" in preview
    assert "Colour: this marketplace does not know “Bordeaux”" in preview
    history = rig.channel.history.order_by("-pk")[0]
    assert history.after == {"category": "Home > Mugs", "colour: Navy blue": "B1"}


def test_items_are_told_anew_once_a_word_has_a_meaning(owner, rig):
    Channel.objects.filter(pk=rig.channel.pk).update(state="live", listings_on=True)
    before = CategoryMapping.objects.get().fingerprint
    PendingChange.objects.all().delete()

    save(owner, rig, {"Navy blue": "B1"})
    again = text(save(owner, rig, {"Navy blue": "B1"}))

    assert CategoryMapping.objects.get().fingerprint != before
    assert "Nothing was changed." in again


def test_a_meaning_is_taken_back_and_what_was_not_on_the_page_stays(owner, rig):
    CategoryMapping.objects.update(meanings={"colour": {"Navy blue": "B1", "Bordeaux": "R1"}})

    save(owner, rig, {"Navy blue": ""})

    assert stored() == {"colour": {"Bordeaux": "R1"}}


def test_a_word_that_no_item_looked_at_says_can_be_typed(owner, rig):
    mark = mark_of(COLOUR)

    save(owner, rig, {}, **{f"word-{mark}": " Sky ", f"means-{mark}": "B1"})

    assert stored() == {"colour": {"Sky": "B1"}}


@pytest.mark.parametrize(
    ("word", "meaning", "said"),
    [("Sky", "", "Say what the word means there."), ("", "B1", "Say which word of yours means this.")],
)
def test_half_of_a_meaning_is_not_saved(owner, rig, word, meaning, said):
    mark = mark_of(COLOUR)

    answer = save(owner, rig, {"Navy blue": "B1"}, **{f"word-{mark}": word, f"means-{mark}": meaning})

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert stored() == {}


def test_a_word_whose_last_item_went_meanwhile_is_saved_all_the_same(owner, rig):
    rig.seller.items.update(attributes={"category": "Cups"}, is_parent=False)

    save(owner, rig, {"Navy blue": "B1"})

    assert stored() == {"colour": {"Navy blue": "B1"}}


def test_of_a_long_list_the_meaning_is_typed_by_name_or_code(owner, rig, monkeypatch):
    monkeypatch.setattr(form, "_LONGEST_LIST", 1)

    wrong = save(owner, rig, {"Navy blue": "Bleu"})
    save(owner, rig, {"Navy blue": "blue", "Bordeaux": "r1"})

    assert wrong.status_code == 422
    assert "This marketplace does not know “Bleu”." in wrong.content.decode()
    assert stored() == {"colour": {"Bordeaux": "R1", "Navy blue": "B1"}}
    assert 'value="Blue"' in text(owner.get(address(rig, "channel_product", own="Cups")))


def test_a_meaning_that_the_marketplace_no_longer_has_is_no_meaning(owner, rig):
    CategoryMapping.objects.update(meanings={"colour": {"Navy blue": "GONE", "Red": "GONE"}})

    mapped = read_mapped(rig.channel, ["Cups"])["Cups"]

    assert mapped.find(COLOUR, "Navy blue") is None
    assert mapped.find(COLOUR, "red") == Choice(code="R1", name="Red")


def test_what_the_seller_said_goes_before_what_a_word_is_called_like(owner, rig):
    CategoryMapping.objects.update(meanings={"colour": {"Red": "B1"}})

    assert read_mapped(rig.channel, ["Cups"])["Cups"].find(COLOUR, "RED") == Choice(code="B1", name="Blue")


@pytest.mark.parametrize("word", ["", "\0", "x" * 300])
def test_what_was_tampered_with_is_no_word(owner, rig, word):
    answer = owner.post(
        address(rig, "channel_product", own="Cups"),
        {"action": "answers", "category": "MUGS", means("Sky", "said"): word, means("Sky"): "B1"},
    )

    assert answer.status_code == 302
    assert stored() == {}
