"""What Cairn asks of django-allauth beyond its settings."""

import logging
from email.utils import make_msgid
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from allauth.core import context as current
from django.conf import settings
from django.contrib import messages
from django.contrib.sites.shortcuts import get_current_site
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from tracker import clock
from tracker.operations import mailfiles
from tracker.people import queries, rules
from tracker.people.models import User

log = logging.getLogger(__name__)

ADDRESS_CHANGED = "account/email/email_changed"


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Sign-up can be closed, links lead to this instance's own address, a change is one transaction."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "account_inactive": "This account is deactivated.",
        "duplicate_email": "That is the address of this account already.",
        "email_password_mismatch": "This address and password do not go together.",
        "email_taken": "There is an account with this address already.",
        "enter_current_password": "That is not your password.",
        "incorrect_password": "That is not your password.",
        "too_many_login_attempts": "Too many wrong passwords. Try again in five minutes.",
    }

    # --- where one may go ---------------------------------------------------------------------------------

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return bool(settings.SIGN_UP_OPEN)

    def is_safe_url(self, url: str) -> bool:
        """Only a path of this site; django-allauth would also let other hosts of ALLOWED_HOSTS pass."""
        return url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        """A new password ends every session, so the next page asks for it."""
        return reverse("account_login")

    def get_email_verification_redirect_url(self, email_address: EmailAddress) -> str:
        return reverse("account_email" if self.request.user.is_authenticated else "account_login")

    # --- addresses and passwords --------------------------------------------------------------------------

    def clean_email(self, email: str) -> str:
        try:
            return rules.plain_address(email)
        except ValueError:
            raise ValidationError(rules.NO_ADDRESS) from None

    def save_user(self, request: HttpRequest, user: User, form: Any, commit: bool = True) -> User:
        user.zone = form.cleaned_data.get("zone") or user.zone
        saved: User = super().save_user(request, user, form, commit=commit)
        return saved

    def set_password(self, user: User, password: str) -> None:
        user.set_password(password)
        user.save(update_fields=["password"])
        # For the page that comes after it: a new password ends sessions, but no program's token.
        if self.request is not None:
            self.request.live_tokens = queries.live_tokens(user.pk, clock.now()).count()

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        """Marks the address as confirmed; a pending one takes the place of the old one.

        One transaction, with the mail to the old address after it. False, with a message, where another
        account has the address: the database says so, however close the two come.
        """
        try:
            with transaction.atomic():
                owner = User.objects.select_for_update().get(pk=email_address.user_id)
                old = EmailAddress.objects.filter(user=owner, email=owner.email).first()
                email_address.user = owner
                confirmed = bool(super().confirm_email(request, email_address))
        except IntegrityError:
            self.add_message(
                request,
                messages.ERROR,
                "account/messages/email_confirmation_failed.txt",
                {"email": email_address.email},
            )
            return False
        if confirmed and old and old.email != email_address.email:
            mailfiles.hand_on(old.email, email_address.email)
            if old.verified:
                super().send_notification_mail(ADDRESS_CHANGED, owner, {"user": owner}, email=old.email)
        return confirmed

    # --- mail ---------------------------------------------------------------------------------------------

    def send_notification_mail(
        self,
        template_prefix: str,
        user: User,
        context: dict[str, Any] | None = None,
        email: str | None = None,
    ) -> None:
        # The one about a changed address is sent by `confirm_email`, outside the transaction.
        if template_prefix != ADDRESS_CHANGED:
            super().send_notification_mail(template_prefix, user, {**(context or {}), "user": user}, email)

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Sends one mail. Links in it lead to CAIRN_URL, whatever host the request named.

        A mail server that refuses or is away is said on the next page; what was saved stays saved.
        """
        request = current.request
        message = self.render_mail(
            template_prefix,
            email,
            {
                "request": request,
                "email": email,
                "current_site": get_current_site(request),
                "public_url": settings.PUBLIC_URL,
                **context,
            },
            headers=headers_for(context.get("user")),
        )
        try:
            message.send()
        except OSError:  # smtplib's exceptions among them
            log.exception("An account mail could not be sent.")
            messages.error(request, "The mail could not be sent. Try again in a few minutes.")


def headers_for(reader: User | None) -> dict[str, str]:
    """Headers of an account mail. In file mode it belongs to the account it is about, under any address."""
    headers = {"Message-ID": make_msgid(domain=settings.MAIL_DOMAIN), "Auto-Submitted": "auto-generated"}
    if settings.MAIL_AS_FILES and reader is not None:
        headers[mailfiles.READER] = reader.email
    return headers
