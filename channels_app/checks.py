"""System checks of the adapters: run at start-up and by `manage.py check`."""
