"""The project: settings, clock, background-job app and addresses. What the product does lives in the apps beside it."""

from marketplace_integration.celery import app as celery_app

__all__ = ["celery_app"]
