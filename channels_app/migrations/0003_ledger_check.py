from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("channels_app", "0002_cancellation_request_lines")]

    operations = [
        migrations.CreateModel(
            name="LedgerCheck",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_index=True)),
                ("seconds", models.FloatField()),
                ("offences", models.PositiveIntegerField()),
                ("sample", models.JSONField(default=list)),
            ],
        ),
    ]
