"""How the seller's products are told to a channel that does not know them: its categories, and what they stand for."""

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models.functions import Upper

from channels_app.models.channel import Channel


class ChannelCategory(models.Model):
    """A category as the channel last told it; `fields` is NULL until the channel was asked what it wants to know.

    The one with the code "" stands for all products and cannot be chosen.
    """

    #: No index of its own: the unique one serves.
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="categories", db_index=False)
    code = models.CharField(max_length=200)
    #: The whole way to it.
    name = models.CharField(max_length=500)
    #: Codes of the categories that it is in, the widest first; their fields are its too, and those of "".
    above = models.JSONField(default=list, blank=True)
    #: Its own ProductFields as JSON; see flows/product_lists.py.
    fields = models.JSONField(null=True, blank=True)
    fields_read_at = models.DateTimeField(null=True, blank=True)
    #: The channel has it no more; kept, because something is mapped to it.
    is_gone = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = "channel categories"
        constraints = [models.UniqueConstraint(fields=["channel", "code"], name="channel_category_once")]
        indexes = [GinIndex(OpClass(Upper("name"), name="gin_trgm_ops"), name="channel_category_trgm")]

    def __str__(self) -> str:
        return self.name


class CategoryMapping(models.Model):
    """What one of the seller's categories is on one channel, and how its items answer what the channel asks."""

    #: No index of its own: the unique one serves.
    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="mappings", db_index=False)
    #: The seller's: what stands in the attribute `category` of the items.
    own = models.CharField(max_length=200)
    category = models.ForeignKey(ChannelCategory, on_delete=models.RESTRICT, related_name="mappings")
    #: Code of a field -> where the answer is: "part:title", "attribute:colour" or "text:Blue"; see flows/describe.py.
    answers = models.JSONField(default=dict, blank=True)
    #: Code of a field with choices -> words of the seller's -> codes of the choices that they mean.
    meanings = models.JSONField(default=dict, blank=True)
    #: Names all that items are told by: category, its questions, answers and meanings; empty until the channel has told
    #: its questions. It is part of what names a listing's content, so that content told otherwise is other content.
    fingerprint = models.CharField(max_length=32, blank=True, default="")
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["channel", "own"], name="category_mapped_once")]

    def __str__(self) -> str:
        return f"{self.own} on {self.channel_id}"
