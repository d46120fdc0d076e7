"""Who learns here, and what programs act for them with.

Passwords, confirmation and addresses are django-allauth's; zone, leaving and tokens are ours.
"""

from typing import ClassVar
from zoneinfo import ZoneInfo

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models.functions import Lower

from tracker.people import rules


class UserManager(BaseUserManager["User"]):
    """What Django's own commands (`createsuperuser`) and django-allauth ask of a user model."""

    def create_user(self, email: str, password: str | None = None, **fields: object) -> "User":
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: object) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person with a login. Staff run the instance; everybody is a learner."""

    email = models.EmailField(max_length=254, unique=True)
    zone = models.CharField(max_length=64, default="UTC")
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    joined_at = models.DateTimeField(auto_now_add=True)
    deletion_due_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="one_account_per_address"),
        ]
        indexes = [
            models.Index(
                fields=["deletion_due_at"],
                name="deletions_due",
                condition=models.Q(deletion_due_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def zone_info(self) -> ZoneInfo:
        """The learner's IANA zone. Forms only let known ones in; one that is known no more counts as UTC."""
        return rules.zone_named(self.zone)


class SetUpAddress(models.Model):
    """The one-time address that makes the first account: only its hash is kept, one row at most."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    token_hash = models.CharField(max_length=64)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_set_up_address")]


class ApiToken(models.Model):
    """What a program acts for a learner with. The token is shown once; what stays is its hash.

    `hint` are its last four characters, so that its owner can tell it from others.
    """

    class Scope(models.TextChoices):
        READ = "read", "Read"
        LOG = "log", "Log study"
        ALL = "all", "Everything"

    learner = models.ForeignKey(User, models.CASCADE, related_name="api_tokens")
    name = models.CharField(max_length=60)
    scope = models.CharField(max_length=10, choices=Scope)
    token_hash = models.CharField(max_length=64, unique=True)
    hint = models.CharField(max_length=4)
    made_at = models.DateTimeField()
    # Written at most once a minute.
    last_used_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(scope__in=["read", "log", "all"]), name="token_scope_known"
            ),
        ]
        indexes = [models.Index(fields=["learner", "-made_at"], name="tokens_in_order")]

    def __str__(self) -> str:
        return self.name


class KeptAnswer(models.Model):
    """What a program was answered under an idempotency key, so that the same request is answered the same.

    It is written in the transaction of what the request did. `request_hash` is of method, address and body.
    """

    learner = models.ForeignKey(User, models.CASCADE, related_name="kept_answers")
    key = models.CharField(max_length=255)
    request_hash = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.TextField(blank=True)
    made_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["learner", "key"], name="one_answer_per_key"),
        ]
        indexes = [models.Index(fields=["made_at"], name="answers_by_age")]
