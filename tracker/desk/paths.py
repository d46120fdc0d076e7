"""Where a form leads back to."""

from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme


def local_path(request: HttpRequest, *, default: str) -> str:
    """The page a form asks to lead back to in `next`, if it is one of this site's; else the named one."""
    wanted = request.POST.get("next", "")
    if wanted.startswith("/") and url_has_allowed_host_and_scheme(
        wanted, allowed_hosts=None, require_https=request.is_secure()
    ):
        return wanted
    return reverse(default)
