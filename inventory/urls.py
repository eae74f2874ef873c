"""Addresses of a seller's items, labels, imports and team."""

from django.urls import path

from inventory.search import ITEMS
from inventory.views import bulk, imports, invitation, item, items, items_file, labels, letters, sellers, team
from inventory.views.saved_views import view_forget, view_keep

_SELLER = "s/<slug:seller_slug>/"
_ITEM = f"{_SELLER}items/<uuid:public_id>/"
_LABEL = f"{_SELLER}labels/<uuid:public_id>/"
_IMPORT = f"{_SELLER}imports/<uuid:public_id>/"
_TEAM = f"{_SELLER}team/"

urlpatterns = [
    path("", sellers.choose_seller, name="choose_seller"),
    path(f"{_SELLER}items/", items.items, name="items"),
    path(f"{_SELLER}items/views/", view_keep, {"tabbed": ITEMS}, name="item_view_keep"),
    path(f"{_SELLER}items/views/<int:pk>/remove/", view_forget, {"tabbed": ITEMS}, name="item_view_forget"),
    path(f"{_SELLER}items/bulk/", bulk.items_bulk, name="items_bulk"),
    path(f"{_SELLER}items/bulk/<uuid:public_id>/", bulk.items_edit, name="items_edit"),
    path(f"{_SELLER}items/bulk/<uuid:public_id>/do/", bulk.items_edit_act, name="items_edit_act"),
    path(f"{_SELLER}items/items.csv", items_file.items_csv, name="items_csv"),
    path(f"{_SELLER}items/new/", item.item_new, name="item_new"),
    path(_ITEM, item.item, name="item"),
    path(f"{_ITEM}stock/", item.item_stock, name="item_stock"),
    path(f"{_ITEM}labels/", item.item_labels, name="item_labels"),
    path(f"{_ITEM}status/", item.item_status, name="item_status"),
    path(f"{_SELLER}labels/", labels.labels, name="labels"),
    path(_LABEL, labels.label, name="label"),
    path(f"{_LABEL}state/", labels.label_state, name="label_state"),
    path(f"{_LABEL}rule/", labels.label_rule, name="label_rule"),
    path(f"{_LABEL}items/", labels.label_items, name="label_items"),
    path(f"{_LABEL}rename/", labels.label_rename, name="label_rename"),
    path(f"{_LABEL}delete/", labels.label_delete, name="label_delete"),
    path(f"{_SELLER}imports/", imports.import_new, name="import_new"),
    path(_IMPORT, imports.import_detail, name="import_detail"),
    path(f"{_IMPORT}columns/", imports.import_columns, name="import_columns"),
    path(f"{_IMPORT}do/", imports.import_act, name="import_act"),
    path(f"{_IMPORT}bad-rows.csv", imports.import_problems, name="import_problems"),
    path(_TEAM, team.team, name="team"),
    path(f"{_TEAM}invite/", team.team_invite, name="team_invite"),
    path(f"{_TEAM}invitations/<uuid:public_id>/again/", team.invitation_again, name="invitation_again"),
    path(f"{_TEAM}invitations/<uuid:public_id>/withdraw/", team.invitation_withdraw, name="invitation_withdraw"),
    path(f"{_TEAM}members/<int:pk>/role/", team.member_role, name="member_role"),
    path(f"{_TEAM}members/<int:pk>/remove/", team.member_remove, name="member_remove"),
    path(f"{_TEAM}members/<int:pk>/second-step/reset/", team.member_second_step_reset, name="member_second_step_reset"),
    path(f"{_TEAM}second-step/", team.team_second_step, name="team_second_step"),
    path(f"{_SELLER}letters/<int:pk>/again/", letters.mail_again, name="mail_again"),
    path("invitation/<uuid:public_id>/", invitation.invitation, name="invitation"),
    path("invitation/<uuid:public_id>/<slug:token>/", invitation.invitation_link, name="invitation_link"),
]
