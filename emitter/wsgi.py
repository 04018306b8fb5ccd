"""The WSGI application: `granian --interface wsgi emitter.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "emitter.settings")

application = get_wsgi_application()
