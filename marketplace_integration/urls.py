"""All addresses of the site: sign-in, support, and the two apps."""

from django.contrib import admin
from django.contrib.auth import views as auth_views
from django.urls import URLPattern, URLResolver, include, path

from inventory.views import security, sign_in
from marketplace_integration.health import healthz

urlpatterns: list[URLPattern | URLResolver] = [
    path("sign-in/", sign_in.SignIn.as_view(), name="sign_in"),
    path("sign-in/code/", sign_in.EnterCode.as_view(), name="sign_in_code"),
    path("sign-out/", auth_views.LogoutView.as_view(), name="sign_out"),
    path("security/", security.security, name="security"),
    path("security/begin/", security.second_step_begin, name="second_step_begin"),
    path("security/set-up/", security.second_step_set_up, name="second_step_set_up"),
    path("security/backup-codes/", security.backup_codes_new, name="backup_codes_new"),
    path("security/off/", security.second_step_off, name="second_step_off"),
    path("password/", auth_views.PasswordChangeView.as_view(), name="password_change"),
    path("password/changed/", auth_views.PasswordChangeDoneView.as_view(), name="password_change_done"),
    path("password/forgotten/", auth_views.PasswordResetView.as_view(), name="password_reset"),
    path("password/forgotten/sent/", auth_views.PasswordResetDoneView.as_view(), name="password_reset_done"),
    path(
        "password/new/<uidb64>/<token>/", auth_views.PasswordResetConfirmView.as_view(), name="password_reset_confirm"
    ),
    path("password/new/done/", auth_views.PasswordResetCompleteView.as_view(), name="password_reset_complete"),
    path("support/", admin.site.urls),
    path("healthz", healthz, name="healthz"),
    path("", include("inventory.urls")),
    path("", include("channels_app.urls")),
]
