from channels_app.forms.account import AccountPart
from channels_app.forms.basics import LabelPart, NamePart, SwitchPart
from channels_app.forms.part import Part
from channels_app.forms.rules import PricePart, QuantityPart
from channels_app.forms.single import AddChannelForm, AskSupportForm, DeactivateForm
from channels_app.forms.words import WordsPart

__all__ = [
    "AccountPart",
    "AddChannelForm",
    "AskSupportForm",
    "DeactivateForm",
    "LabelPart",
    "NamePart",
    "Part",
    "PricePart",
    "QuantityPart",
    "SwitchPart",
    "WordsPart",
]
