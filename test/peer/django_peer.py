"""The real back end that dialects/django.json describes: djoser + SimpleJWT.

usage: django_peer.py FOLDER ROTATE(0|1) BLACKLIST(0|1)

Serves on a free port of 127.0.0.1, its SQLite database in FOLDER, access tokens
of 2 seconds; says "listening on PORT". Then each line of standard input is an
order, answered by "done": `blacklist` (every refresh token so far), `deactivate`
(every user), `activate`.
"""
import sys
import threading
from datetime import timedelta
from pathlib import Path

import django
from django.conf import settings

folder, rotate, blacklist = Path(sys.argv[1]), sys.argv[2] == "1", sys.argv[3] == "1"

settings.configure(
    SECRET_KEY="a secret of this test alone, 0123456789abcdef",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    DEBUG=False,
    USE_TZ=True,
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3",
                           "NAME": str(folder / "peer.db"),
                           "OPTIONS": {"timeout": 20}}},
    DEFAULT_AUTO_FIELD="django.db.models.AutoField",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes",
                    "corsheaders", "rest_framework", "djoser",
                    "rest_framework_simplejwt",
                    "rest_framework_simplejwt.token_blacklist"],
    MIDDLEWARE=["corsheaders.middleware.CorsMiddleware",
                "django.middleware.common.CommonMiddleware"],
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": [
            "rest_framework_simplejwt.authentication.JWTAuthentication"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"]},
    SIMPLE_JWT={"ACCESS_TOKEN_LIFETIME": timedelta(seconds=2),
                "ROTATE_REFRESH_TOKENS": rotate,
                "BLACKLIST_AFTER_ROTATION": blacklist,
                "AUTH_HEADER_TYPES": ("Bearer",)},
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
)
django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.db import connection  # noqa: E402
from django.urls import include, path  # noqa: E402

urlpatterns = [path("api/v1/auth/", include("djoser.urls")),
               path("api/v1/auth/", include("djoser.urls.jwt"))]


class Quiet(WSGIRequestHandler):
    def log_message(self, *words):
        pass


def version():
    from importlib.metadata import version as of
    return of("djangorestframework-simplejwt")


def obey(order):
    from rest_framework_simplejwt.token_blacklist.models import (
        BlacklistedToken, OutstandingToken)
    if order == "blacklist":
        for token in OutstandingToken.objects.all():
            BlacklistedToken.objects.get_or_create(token=token)
    elif order in ("activate", "deactivate"):
        get_user_model().objects.update(is_active=order == "activate")


def main():
    call_command("migrate", verbosity=0)
    get_user_model().objects.create_user("ada", "ada@example.org", "lovelace")
    server = ThreadedWSGIServer(("127.0.0.1", 0), Quiet)
    server.daemon_threads = True
    server.set_app(get_wsgi_application())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("version", version(), flush=True)
    print("listening on", server.server_address[1], flush=True)
    for line in sys.stdin:
        obey(line.strip())
        connection.close()
        print("done", flush=True)


main()
