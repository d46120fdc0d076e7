"""The product's addresses, and `/empty/`: an empty form is checked, a small fragment answered."""

from django import forms
from django.http import HttpRequest, HttpResponse
from django.template import RequestContext, Template
from django.urls import path
from django.views.decorators.http import require_POST

from tracker import urls as product

# A form of the product in small: with the token, and what the context of every page brings along.
_FRAGMENT = """<form id="empty" method="post" action="/empty/">{% csrf_token %}
<p role="status">Nothing was sent, and nothing was kept.</p><button type="submit">Send</button></form>
"""


class EmptyForm(forms.Form):
    """Asks nothing."""


@require_POST
def empty(request: HttpRequest) -> HttpResponse:
    """For who is logged in, with the token of a form, as every post of the product. Writes nothing."""
    status = 200 if EmptyForm(request.POST).is_valid() else 422
    return HttpResponse(Template(_FRAGMENT).render(RequestContext(request)), status=status)


urlpatterns = [path("empty/", empty, name="empty"), *product.urlpatterns]
handler500 = product.handler500
