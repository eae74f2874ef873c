from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class ChannelsConfig(AppConfig):
    name = "channels_app"
    verbose_name = "Channels"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # The product's only signal. Imported here because models must be ready first.
        from channels_app import checks  # noqa: F401 - registers the system checks
        from channels_app.nudges import nudge_fan_out
        from inventory.signals import changed

        changed.connect(nudge_fan_out, dispatch_uid="channels_app.nudge_fan_out")


class SupportConfig(AdminConfig):
    default_site = "channels_app.support_site.SupportSite"
