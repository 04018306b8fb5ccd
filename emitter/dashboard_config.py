"""Makes the dashboard Django's default admin site.

In a module of its own: an AppConfig in emitter/apps.py would be taken for the project's.
"""

from __future__ import annotations

from django.contrib.admin.apps import SimpleAdminConfig


class DashboardConfig(SimpleAdminConfig):
    default_site = "emitter.dashboard.Site"
