"""All addresses of the site: sign-in, support, and the two apps."""

from django.contrib import admin
from django.contrib.auth import views as auth_views
from django.urls import URLPattern, URLResolver, include, path

from inventory.sign_in import SignInForm
from marketplace_integration.health import healthz

urlpatterns: list[URLPattern | URLResolver] = [
    path(
        "sign-in/",
        auth_views.LoginView.as_view(redirect_authenticated_user=True, authentication_form=SignInForm),
        name="sign_in",
    ),
    path("sign-out/", auth_views.LogoutView.as_view(), name="sign_out"),
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
