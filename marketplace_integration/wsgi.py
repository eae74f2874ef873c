"""What a WSGI server runs: ``gunicorn marketplace_integration.wsgi``."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "marketplace_integration.settings")

application = get_wsgi_application()
