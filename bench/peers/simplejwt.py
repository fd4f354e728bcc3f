"""SimpleJWT as its manual sets it up, for gunicorn: rotation and blacklist.

PEER_HOST is the folder of PostgreSQL's socket, PEER_DATABASE the database. One
user, ada. Paths are those of bench/load.c's `peer`. Connections to the database
are kept, which is kinder than Django's default.
"""
import os

import django
from django.conf import settings

settings.configure(
    SECRET_KEY="a secret of this bench alone, 0123456789abcdef",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    DEBUG=False,
    USE_TZ=True,
    DATABASES={"default": {"ENGINE": "django.db.backends.postgresql",
                           "HOST": os.environ["PEER_HOST"],
                           "NAME": os.environ["PEER_DATABASE"],
                           "USER": "postgres",
                           "CONN_MAX_AGE": 600}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes",
                    "rest_framework", "rest_framework_simplejwt",
                    "rest_framework_simplejwt.token_blacklist"],
    MIDDLEWARE=["django.middleware.security.SecurityMiddleware",
                "django.middleware.common.CommonMiddleware"],
    REST_FRAMEWORK={
        "DEFAULT_AUTHENTICATION_CLASSES": [
            "rest_framework_simplejwt.authentication.JWTAuthentication"],
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"]},
    SIMPLE_JWT={"ROTATE_REFRESH_TOKENS": True,
                "BLACKLIST_AFTER_ROTATION": True},
    # Sign-ins are not measured.
    PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
)
django.setup()

from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.urls import path  # noqa: E402
from rest_framework_simplejwt.views import (  # noqa: E402
    TokenObtainPairView, TokenRefreshView)

urlpatterns = [path("sign-in", TokenObtainPairView.as_view()),
               path("refresh", TokenRefreshView.as_view())]


def set_up():
    from django.contrib.auth import get_user_model

    call_command("migrate", verbosity=0)
    get_user_model().objects.create_user("ada", password="lovelace")


application = get_wsgi_application()
