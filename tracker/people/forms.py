"""Forms about a person: signing up and in, the first account, password, address, zone, leaving, tokens."""

from datetime import datetime, timedelta
from typing import Any, ClassVar

from allauth.account import forms as allauth_forms
from allauth.account.adapter import get_adapter
from allauth.account.internal.flows.email_verification import send_verification_email_to_address
from allauth.account.models import EmailAddress
from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from tracker.people import queries, rules
from tracker.people.models import ApiToken, User

PASSWORD_RULES = "At least ten characters, not a common password, and not like your address."  # noqa: S105


class Worded:
    """Our labels and hints on django-allauth's fields, and no placeholders."""

    labels: ClassVar[dict[str, str]] = {}
    hints: ClassVar[dict[str, str]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, forms.Field] = self.fields  # type: ignore[attr-defined]
        for name, field in fields.items():
            field.widget.attrs.pop("placeholder", None)
            if isinstance(field, forms.EmailField):
                field.error_messages["invalid"] = rules.NO_ADDRESS
            field.label = self.labels.get(name, field.label)
            field.help_text = self.hints.get(name, "")


class ZoneHint(forms.Field):
    """The zone that the browser suggests, filled in by a script: one that exists, or UTC."""

    def __init__(self) -> None:
        super().__init__(required=False, widget=forms.HiddenInput)

    def clean(self, value: Any) -> str:
        return rules.suggested_zone(str(value or ""))


class SignUpForm(Worded, allauth_forms.SignupForm):  # type: ignore[misc]
    """Address and one password."""

    labels = {"email": "E-mail", "password1": "Password"}
    hints = {"password1": PASSWORD_RULES}

    zone = ZoneHint()

    def validate_unique_email(self, value: str) -> str:
        """Whether an account has the address. An address somebody else merely asks to change to is free."""
        if not queries.address_is_taken(value):
            return value
        if settings.MAIL_AS_FILES:
            # Nobody can be told by mail, so the page has to say it; see docs/decisions/0005.
            raise get_adapter().validation_error("email_taken")
        self.account_already_exists = True
        return value

    def save(self, request: HttpRequest) -> User:
        with transaction.atomic():
            user: User = super().save(request)
        return user

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        try:
            if not self.account_already_exists:
                return self.save(request), None
        except IntegrityError:  # signed up a moment ago, in another window
            if settings.MAIL_AS_FILES:
                messages.error(request, "There is an account with this address already.")
                return None, redirect("account_login")
            self.account_already_exists = True
        # As slow as a new account: the time of the answer does not tell them apart.
        User().set_password(self.cleaned_data["password1"])
        user, response = super().try_save(request)
        return user, response


class LogInForm(Worded, allauth_forms.LoginForm):  # type: ignore[misc]
    """Address, password, and whether the browser keeps the session."""

    labels = {"login": "E-mail", "password": "Password", "remember": "Stay logged in on this device"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].widget.attrs["autocomplete"] = "username"
        self.fields["remember"].initial = True

    def clean_login(self) -> str:
        return str(get_adapter().clean_email(super().clean_login()))


class LostPasswordForm(Worded, allauth_forms.ResetPasswordForm):  # type: ignore[misc]
    """The address to which a link for a new password goes."""

    labels = {"email": "E-mail"}

    def clean_email(self) -> str:
        return str(get_adapter().clean_email(super().clean_email()))


NEW_TWICE = {"password1": "New password", "password2": "New password, again"}


class NewPasswordForm(Worded, allauth_forms.ResetPasswordKeyForm):  # type: ignore[misc]
    """A new password behind the link that was mailed or printed."""

    labels = NEW_TWICE
    hints = {"password1": PASSWORD_RULES}


class ChangePasswordForm(Worded, allauth_forms.ChangePasswordForm):  # type: ignore[misc]
    """A new password for the old one."""

    labels = {"oldpassword": "Password until now", **NEW_TWICE}
    hints = {"password1": PASSWORD_RULES}


class SetPasswordForm(Worded, allauth_forms.SetPasswordForm):  # type: ignore[misc]
    """A password for an account that has none."""

    labels = NEW_TWICE
    hints = {"password1": PASSWORD_RULES}


class ConfirmPasswordForm(Worded, allauth_forms.ReauthenticateForm):  # type: ignore[misc]
    """The password once more, before something that matters."""

    labels = {"password": "Password"}


class AddressForm(Worded, allauth_forms.AddEmailForm):  # type: ignore[misc]
    """A new address; the one until now stays until the new one is confirmed."""

    labels = {"email": "New address"}

    def clean_email(self) -> str:
        typed = str(get_adapter().clean_email(self.cleaned_data["email"]))
        if typed == self.user.email:
            raise get_adapter().validation_error("duplicate_email")
        # With SMTP the answer is the same for an address that is taken: confirming it fails.
        if settings.MAIL_AS_FILES and queries.address_is_taken(typed):
            raise get_adapter().validation_error("email_taken")
        return typed

    def save(self, request: HttpRequest) -> EmailAddress:
        """Keeps the wish, in place of an earlier one, and mails the link.

        django-allauth's own would also remove the address of an account that was never confirmed.
        """
        with transaction.atomic():
            EmailAddress.objects.filter(user=self.user, verified=False).exclude(
                email=self.user.email
            ).delete()
            pending = EmailAddress.objects.create(user=self.user, email=self.cleaned_data["email"])
        send_verification_email_to_address(request, pending)
        return pending


class FirstAccountForm(forms.Form):
    """The account that the set-up address makes."""

    email = forms.EmailField(
        label="E-mail",
        error_messages={"invalid": rules.NO_ADDRESS},
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    password = forms.CharField(
        label="Password",
        strip=False,
        help_text=PASSWORD_RULES,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    zone = ZoneHint()

    def clean_email(self) -> str:
        return str(get_adapter().clean_email(self.cleaned_data["email"]))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "password" in cleaned:
            try:
                get_adapter().clean_password(cleaned["password"], user=User(email=cleaned.get("email", "")))
            except ValidationError as error:
                self.add_error("password", error)
        return cleaned


class ZoneField(forms.CharField):
    """An IANA zone by name, offered as a list to type into."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            max_length=64,
            widget=forms.TextInput(
                attrs={"list": "zones", "autocomplete": "off", "spellcheck": "false", "data-zone": ""}
            ),
            **kwargs,
        )

    def clean(self, value: Any) -> str:
        name = str(super().clean(value)).strip().replace(" ", "_")
        if name not in rules.known_zones():
            raise ValidationError(
                f"There is no time zone {name!r}. Zones are written like Europe/Vienna or America/New_York."
            )
        return name


class ZoneForm(forms.Form):
    """The learner's zone: shown, changeable, never changed silently."""

    zone = ZoneField(label="Time zone", help_text="Weeks, days and the reminder's hour follow it.")


class LeaveForm(forms.Form):
    """Deleting the account asks for its address, typed."""

    address = forms.CharField(
        label="Your e-mail address, typed",
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "inputmode": "email"}),
    )

    def __init__(self, *args: Any, learner: User, **kwargs: Any) -> None:
        self.learner = learner
        super().__init__(*args, **kwargs)

    def clean_address(self) -> str:
        typed = str(self.cleaned_data["address"]).strip()
        if typed.lower() != self.learner.email.lower():
            raise ValidationError("That is not the address of this account. Nothing was deleted.")
        return typed


class TokenForm(forms.Form):
    """A token for a program: what it is called, what it may do, and for how long."""

    name = forms.CharField(
        label="Name",
        max_length=60,
        help_text="What you will know it by, such as the machine it is used on.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Give it a name, so that you know later which one to revoke."},
    )
    scope = forms.ChoiceField(
        label="It may",
        initial=ApiToken.Scope.LOG,
        widget=forms.RadioSelect,
        choices=[
            (ApiToken.Scope.LOG, "log sessions, run the timer, see the plan's activities and this week"),
            (ApiToken.Scope.READ, "read everything here, notes too, and change nothing"),
            (ApiToken.Scope.ALL, "read, log, correct and tick: everything but settings"),
        ],
        error_messages={"required": "Say what it may do.", "invalid_choice": "Say what it may do."},
    )
    days = forms.TypedChoiceField(
        label="Good for",
        initial="365",
        coerce=int,
        choices=[("30", "30 days"), ("90", "90 days"), ("365", "a year"), ("0", "ever, until you revoke it")],
        error_messages={
            "required": "Choose one of the lengths in the list.",
            "invalid_choice": "Choose one of the lengths in the list.",
        },
    )

    def clean_name(self) -> str:
        # On one line, also where a program sent several.
        return " ".join(str(self.cleaned_data["name"]).split())

    def expires_at(self, now: datetime) -> datetime | None:
        """The moment from which it is no longer good; None for never. For a valid form."""
        days: int = self.cleaned_data["days"]
        return now + timedelta(days=days) if days else None
