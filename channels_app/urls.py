"""Addresses of a seller's channels, orders and activity."""

from django.urls import path

from channels_app.views import (
    activity,
    channels,
    home,
    issue,
    issues,
    item_listings,
    item_why,
    items_effect,
    label_effect,
    ledger,
    listings,
    listings_file,
    notifications,
    order_actions,
    order_notes,
    orders,
    packing_slips,
    preview,
    products,
    reconciler,
    search,
    settings,
    settings_actions,
    ship_ticked,
    shipping_files,
    to_ship_csv,
)
from channels_app.views.order_list import ORDERS
from inventory.views.saved_views import view_forget, view_keep

_MARKETPLACES = "s/<slug:seller_slug>/marketplaces/"
_CHANNEL = f"{_MARKETPLACES}<uuid:channel>/"
_ORDERS = "s/<slug:seller_slug>/orders/"
_ORDER = f"{_ORDERS}<uuid:order>/"
_ISSUES = "s/<slug:seller_slug>/issues/"
_ISSUE = f"{_ISSUES}<uuid:channel>/<slug:cause>/"
_PARCELS = f"{_ORDERS}parcels/"
_PARCEL_FILE = f"{_PARCELS}<uuid:public_id>/"
_LABEL = "s/<slug:seller_slug>/labels/<uuid:public_id>/"
_ACTIVITY = "s/<slug:seller_slug>/activity/"

urlpatterns = [
    path("s/<slug:seller_slug>/", home.home, name="home"),
    path("s/<slug:seller_slug>/search/", search.search, name="search"),
    path("s/<slug:seller_slug>/items/<uuid:public_id>/listings/", item_listings.item_listings, name="item_listings"),
    path("s/<slug:seller_slug>/items/effect/", items_effect.items_effect, name="items_effect"),
    path("s/<slug:seller_slug>/items/<uuid:public_id>/why/<uuid:channel>/", item_why.item_why, name="item_why"),
    path(f"{_LABEL}effect/", label_effect.label_effect, name="label_effect"),
    path(f"{_LABEL}effect/list.csv", label_effect.label_effect_csv, name="label_effect_csv"),
    path("s/<slug:seller_slug>/notifications/", notifications.notifications, name="notifications"),
    path(_MARKETPLACES, channels.marketplaces, name="marketplaces"),
    path(f"{_MARKETPLACES}add/<slug:adapter_key>/", channels.channel_add, name="channel_add"),
    path(f"{_CHANNEL}settings/", settings.channel_settings, name="channel_settings"),
    path(f"{_CHANNEL}settings/example/", settings_actions.channel_example, name="channel_example"),
    path(f"{_CHANNEL}settings/label/", settings_actions.channel_label_summary, name="channel_label_summary"),
    path(f"{_CHANNEL}products/", products.channel_products, name="channel_products"),
    path(f"{_CHANNEL}products/category/", products.channel_product, name="channel_product"),
    path(f"{_CHANNEL}preview/", preview.channel_preview, name="channel_preview"),
    path(f"{_CHANNEL}preview/count/", preview.preview_count, name="preview_count"),
    path(f"{_CHANNEL}preview/preview.csv", preview.preview_csv, name="preview_csv"),
    path(f"{_CHANNEL}listings/", listings.channel_listings, name="channel_listings"),
    path(f"{_CHANNEL}listings/listings.csv", listings_file.listings_csv, name="listings_csv"),
    path(f"{_CHANNEL}listings/again/", listings.channel_send_again, name="channel_send_again"),
    path(f"{_CHANNEL}check/", ledger.ledger_check_again, name="ledger_check_again"),
    path(f"{_CHANNEL}check/again/", ledger.ledger_send_again, name="ledger_send_again"),
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
    path(f"{_CHANNEL}reconciler/", reconciler.channel_reconciler, name="channel_reconciler"),
    path(f"{_CHANNEL}reconciler/<int:pk>/decide/", reconciler.reconcile_decide, name="reconcile_decide"),
    path(_ORDERS, orders.orders, name="orders"),
    path(f"{_ORDERS}ship/", ship_ticked.ship_ticked, name="ship_ticked"),
    path(f"{_ORDERS}packing-slips/", packing_slips.packing_slips, name="packing_slips"),
    path(f"{_ORDERS}packing-slips/printed/", packing_slips.slips_printed, name="slips_printed"),
    path(f"{_ORDERS}views/", view_keep, {"tabbed": ORDERS}, name="order_view_keep"),
    path(f"{_ORDERS}views/<int:pk>/remove/", view_forget, {"tabbed": ORDERS}, name="order_view_forget"),
    path(_PARCELS, shipping_files.shipping_files, name="shipping_files"),
    path(f"{_PARCELS}to-ship.csv", to_ship_csv.to_ship_csv, name="to_ship_csv"),
    path(_PARCEL_FILE, shipping_files.shipping_file, name="shipping_file"),
    path(f"{_PARCEL_FILE}act/", shipping_files.shipping_file_act, name="shipping_file_act"),
    path(f"{_PARCEL_FILE}to-mend.csv", shipping_files.shipping_file_problems, name="shipping_file_problems"),
    path(f"{_ORDERS}unreadable/", orders.raw_orders, name="raw_orders"),
    path(f"{_ORDERS}unreadable/<int:pk>/read/", orders.raw_order_retry, name="raw_order_retry"),
    path(_ORDER, orders.order, name="order"),
    path(f"{_ORDER}ship/", order_actions.order_ship, name="order_ship"),
    path(f"{_ORDER}cancel/", order_actions.order_cancel, name="order_cancel"),
    path(f"{_ORDER}refund/", order_actions.order_refund, name="order_refund"),
    path(f"{_ORDER}requests/<int:pk>/answer/", order_actions.order_answer, name="order_answer"),
    path(f"{_ORDER}returns/<int:pk>/", order_actions.order_return, name="order_return"),
    path(f"{_ORDER}link/", order_actions.order_link, name="order_link"),
    path(f"{_ORDER}notes/", order_notes.order_note_add, name="order_note_add"),
    path(f"{_ORDER}notes/<int:pk>/delete/", order_notes.order_note_delete, name="order_note_delete"),
    path(f"{_ORDER}seen/", order_actions.order_dismiss, name="order_dismiss"),
    path(f"{_ORDER}again/<uuid:group_key>/", order_actions.order_send_again, name="order_send_again"),
    path(f"{_ORDER}lost/<uuid:group_key>/", order_actions.order_settle_lost, name="order_settle_lost"),
    path(_ISSUES, issues.issues, name="issues"),
    path(_ISSUE, issue.issue, name="issue"),
    path(f"{_ISSUE}skus.csv", issue.issue_csv, name="issue_csv"),
    path(f"{_ISSUE}fix/", issue.issue_fix, name="issue_fix"),
    path(f"{_ISSUE}again/", issue.issue_again, name="issue_again"),
    path(f"{_ISSUE}put-off/", issue.issue_put_off, name="issue_put_off"),
    path(f"{_ISSUE}take-back/", issue.issue_take_back, name="issue_take_back"),
    path(_ACTIVITY, activity.activity, name="activity"),
    path(f"{_ACTIVITY}refused.csv", activity.refused_csv, name="refused_csv"),
    path(f"{_ACTIVITY}sent/<uuid:key>/", activity.submission, name="submission"),
    path(f"{_ACTIVITY}sent/<uuid:key>/again/", activity.submission_ask_again, name="submission_ask_again"),
]
