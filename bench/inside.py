"""What has to be asked inside a Django site's own process, the product's or the yardstick's.

DJANGO_SETTINGS_MODULE and the rest of the environment say which site:

    python -m bench.inside sign-in EMAIL                a session cookie for that user, as name=value
    python -m bench.inside count COOKIE PATH [PATH...]  JSON, by path: queries and bytes of HTML
"""

import json
import sys
from contextlib import ExitStack

import django


def sign_in(name: str) -> str:
    """Sign `name` (the login name, whatever field that is) in by force; answers the cookie as name=value."""
    from django.conf import settings  # noqa: PLC0415 - Django loads after django.setup()
    from django.contrib.auth import get_user_model  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415

    client = Client()
    client.force_login(get_user_model()._default_manager.get_by_natural_key(name))
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def count(cookie: str, path: str) -> dict[str, int]:
    """Ask for `path` twice and count the second time, when what a process reads once has been read."""
    from django.db import connections  # noqa: PLC0415
    from django.test import Client  # noqa: PLC0415
    from django.test.utils import CaptureQueriesContext  # noqa: PLC0415

    client = Client(headers={"host": "127.0.0.1"})
    client.cookies.load(cookie)
    client.get(path)
    with ExitStack() as stack:
        captured = [stack.enter_context(CaptureQueriesContext(each)) for each in connections.all()]
        response = client.get(path)
    if response.status_code != 200:
        sys.exit(f"{path}: status {response.status_code} instead of 200")
    return {"queries": sum(len(each) for each in captured), "html_bytes": len(response.content)}


if __name__ == "__main__":
    django.setup()
    match sys.argv[1:]:
        case ["sign-in", name]:
            print(sign_in(name))
        case ["count", cookie, *paths] if paths:
            print(json.dumps({path: count(cookie, path) for path in paths}))
        case _:
            sys.exit(__doc__)
