"""Addresses of a seller's channels, orders and activity."""

from django.urls import path

from channels_app.views import channels, home, item_listings, listings, settings, settings_actions

_MARKETPLACES = "s/<slug:seller_slug>/marketplaces/"
_CHANNEL = f"{_MARKETPLACES}<uuid:channel>/"

urlpatterns = [
    path("s/<slug:seller_slug>/", home.home, name="home"),
    path("s/<slug:seller_slug>/items/<uuid:public_id>/listings/", item_listings.item_listings, name="item_listings"),
    path(_MARKETPLACES, channels.marketplaces, name="marketplaces"),
    path(f"{_MARKETPLACES}add/<slug:adapter_key>/", channels.channel_add, name="channel_add"),
    path(f"{_CHANNEL}settings/", settings.channel_settings, name="channel_settings"),
    path(f"{_CHANNEL}settings/example/", settings_actions.channel_example, name="channel_example"),
    path(f"{_CHANNEL}settings/label/", settings_actions.channel_label_summary, name="channel_label_summary"),
    path(f"{_CHANNEL}listings/", listings.channel_listings, name="channel_listings"),
    path(f"{_CHANNEL}listings/again/", listings.channel_send_again, name="channel_send_again"),
    path(f"{_CHANNEL}withdrawals/", listings.channel_withdrawals, name="channel_withdrawals"),
    path(f"{_CHANNEL}deactivate/", settings_actions.channel_deactivate, name="channel_deactivate"),
    path(f"{_CHANNEL}remove/", settings_actions.channel_remove, name="channel_remove"),
    path(f"{_CHANNEL}requests/", settings_actions.channel_ask, name="channel_ask"),
    path(
        f"{_CHANNEL}requests/<int:pk>/withdraw/",
        settings_actions.channel_withdraw_request,
        name="channel_withdraw_request",
    ),
    path(f"{_CHANNEL}jobs/<slug:kind>/run/", settings_actions.channel_run_now, name="channel_run_now"),
]
