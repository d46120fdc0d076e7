"""docker-compose.yml and the Dockerfile against what the product reads and needs; no container is run."""

import ast
import http.server
import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import quote

import pytest
import yaml
from django.conf import settings
from django.db import connection

from tests.servers import ROOT, clean_environment, free_port
from tracker.operations import actions
from tracker.reminders.status import HEARTBEAT

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("prepare", "web", "worker", "reader", "beat")
DOCKERFILE = (ROOT / "Dockerfile").read_text().replace("\\\n", " ")
GIVEN = {
    "CAIRN_URL": "https://cairn.example.org",
    "SECRET_KEY": "given-to-a-test-0123456789-abcdefghijklmnopqrstuvwxyz",
    "POSTGRES_PASSWORD": "0123456789abcdef",
    "SMTP_HOST": "smtp.example.org",
}
# ${NAME}, ${NAME:-default}, ${NAME:?sentence}
VARIABLE = re.compile(r"\$\{(?P<name>[A-Z_]+)(?::(?P<how>[-?])(?P<rest>[^}]*))?\}")


def filled_in(text: str, given: dict[str, str]) -> str:
    """The text as compose hands it on. KeyError with the file's own sentence where a value is missing."""

    def value(match: re.Match[str]) -> str:
        if given.get(match["name"]):
            return given[match["name"]]
        if match["how"] == "?":
            raise KeyError(match["rest"])
        return match["rest"] or ""

    return VARIABLE.sub(value, text)


def environment(service: str) -> dict[str, str]:
    """What the service's processes find in their environment."""
    return {name: filled_in(str(value), GIVEN) for name, value in SERVICES[service]["environment"].items()}


def names_in_settings(*helpers: str) -> set[str]:
    """The variables that tracker/settings.py reads through these helpers of its own."""
    tree = ast.parse((ROOT / "tracker" / "settings.py").read_text())
    return {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in helpers
        and isinstance(node.args[0], ast.Constant)
        and isinstance(node.args[0].value, str)
    }


def settings_under(given: dict[str, str], folder: Path, show: str) -> subprocess.CompletedProcess[str]:
    """Reads the product's settings in a process of their own and prints the expression `show` as JSON."""
    code = f"import json; from tracker import settings; print(json.dumps({show}))"
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=ROOT,
        env=clean_environment(**{**given, "CAIRN_DATA": str(folder)}),
        capture_output=True,
        text=True,
        check=False,
    )


# --- the environment ----------------------------------------------------------------------------------------


def test_compose_gives_only_names_that_the_settings_read() -> None:
    read = names_in_settings("text", "whole", "choice", "flag", "hosts", "required")
    for service in OURS:
        assert set(SERVICES[service]["environment"]) <= read


def test_compose_gives_every_name_that_a_server_needs() -> None:
    needed = names_in_settings("required")
    assert needed == {"CAIRN_URL", "SECRET_KEY", "DATABASE_URL", "REDIS_URL", "SMTP_HOST"}
    for service in OURS:
        assert needed <= set(SERVICES[service]["environment"])


@pytest.mark.parametrize("missing", sorted(GIVEN))
def test_compose_refuses_to_start_without_each_secret_and_says_which(missing: str) -> None:
    given = {**GIVEN, missing: ""}
    everything = json.dumps(SERVICES["web"]["environment"])
    with pytest.raises(KeyError, match=f"Set {missing} in .env"):
        filled_in(everything, given)


def test_settings_start_with_what_compose_gives(tmp_path: Path) -> None:
    names = ("EMBEDDED", "DATABASES['default']['HOST']", "CELERY_BROKER_URL", "HTTPS")
    show = f"[{', '.join(f'settings.{name}' for name in names)}]"
    done = settings_under(environment("web"), tmp_path, show)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [False, "postgres", "redis://redis:6379/0", True]
    assert not list(tmp_path.iterdir()), "a server writes no secret of its own"


@pytest.mark.parametrize("missing", ["CAIRN_URL", "SECRET_KEY", "DATABASE_URL", "REDIS_URL", "SMTP_HOST"])
def test_settings_refuse_to_start_without_each_and_say_which(missing: str, tmp_path: Path) -> None:
    done = settings_under({**environment("web"), missing: ""}, tmp_path, "1")
    assert done.returncode != 0
    assert f"{missing} is not set" in done.stderr


def test_example_names_all_that_compose_asks_for() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    example = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    asked = {match["name"]: match for match in VARIABLE.finditer((ROOT / "docker-compose.yml").read_text())}
    assert set(example) == set(asked)
    for name, match in asked.items():
        if match["how"] == "-" and match["rest"]:
            assert example[name] == match["rest"]
    for secret in ("SECRET_KEY", "POSTGRES_PASSWORD", "SMTP_HOST", "SMTP_PASSWORD"):
        assert example[secret] == "", "an example that starts is an example that stays"


# --- the services -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("service", sorted(SERVICES))
def test_service_may_do_no_more_than_it_must(service: str) -> None:
    said = SERVICES[service]
    assert said["read_only"] is True
    assert said["cap_drop"] == ["ALL"]
    assert "cap_add" not in said
    assert said["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in said
    limits = said["deploy"]["resources"]["limits"]
    assert limits["memory"]
    assert limits["pids"]
    assert said["restart"] == ("no" if service == "prepare" else "unless-stopped")
    # Ours run as the image's user, which the Dockerfile sets.
    assert said.get("user") == {"redis": "valkey", "postgres": "postgres"}.get(service)


@pytest.mark.parametrize("service", sorted(set(SERVICES) - {"prepare"}))
def test_service_that_stays_has_a_health_check(service: str) -> None:
    check = SERVICES[service]["healthcheck"]
    assert check["test"][0] in {"CMD", "CMD-SHELL"}
    assert {"interval", "timeout", "retries", "start_period"} <= set(check)


def test_only_the_web_server_is_published_and_only_here() -> None:
    assert [name for name, said in SERVICES.items() if "ports" in said] == ["web"]
    assert [filled_in(port, {}) for port in SERVICES["web"]["ports"]] == ["127.0.0.1:8000:8000"]


def test_stores_are_cut_off_and_keep_their_data_in_volumes() -> None:
    assert COMPOSE["networks"]["stores"] == {"internal": True}
    for store, folder in (("redis", "/data"), ("postgres", "/var/lib/postgresql")):
        assert SERVICES[store]["networks"] == ["stores"]
        assert SERVICES[store]["volumes"] == [f"{store}:{folder}"]
        assert store in COMPOSE["volumes"]
    command = SERVICES["redis"]["command"]
    assert command[command.index("--appendonly") + 1] == "yes"
    assert command[command.index("--maxmemory-policy") + 1] == "noeviction"


def test_nothing_starts_before_what_it_stands_on() -> None:
    healthy = {"condition": "service_healthy"}
    stores = {"postgres": healthy, "redis": healthy}
    assert SERVICES["prepare"]["depends_on"] == stores
    for service in ("web", "worker", "beat"):
        prepared = {"prepare": {"condition": "service_completed_successfully"}}
        assert SERVICES[service]["depends_on"] == stores | prepared


def test_first_address_is_in_the_web_containers_log() -> None:
    shell, option, line = SERVICES["web"]["command"]
    assert (shell, option) == ("sh", "-c")
    assert line.startswith("python manage.py set_up_address && exec granian ")


def test_web_runs_what_the_image_runs() -> None:
    command = json.loads(instructions("CMD")[-1])
    assert SERVICES["web"]["command"][2].endswith("exec " + " ".join(command))
    assert SERVICES["web"]["healthcheck"]["test"][1:] == json.loads(
        instructions("HEALTHCHECK")[-1].partition("CMD")[2]
    )


def test_worker_takes_the_queue_that_tasks_go_to() -> None:
    command = SERVICES["worker"]["command"]
    assert command[command.index("--queues") + 1] == settings.CELERY_TASK_DEFAULT_QUEUE
    # A worker must be free to finish what it holds before it is killed.
    assert int(SERVICES["worker"]["stop_grace_period"].removesuffix("s")) > settings.EMAIL_TIMEOUT


# --- the image ----------------------------------------------------------------------------------------------


def instructions(name: str) -> list[str]:
    """What follows each instruction of that name, in order."""
    return re.findall(rf"^{name} (.*)$", DOCKERFILE, re.MULTILINE)


def test_image_runs_as_somebody_without_rights() -> None:
    assert instructions("USER") == ["10001:10001"]
    assert DOCKERFILE.index("USER 10001") > DOCKERFILE.rindex("RUN ")


def test_image_takes_pinned_wheels_only() -> None:
    installs = [line for line in instructions("RUN") if "pip install" in line]
    assert len(installs) == 1
    for option in ("--require-hashes", "--only-binary :all:", "--requirement requirements/base.txt"):
        assert option in installs[0]
    assert not instructions("ADD")


def test_no_secret_is_written_into_the_image() -> None:
    kept = " ".join(instructions("ENV") + instructions("ARG") + instructions("LABEL"))
    for name in ("SECRET_KEY", "PASSWORD", "DATABASE_URL", "REDIS_URL"):
        assert name not in kept


def test_build_sees_only_what_the_product_is_made_of() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] not in {"", "#"}]
    assert lines[0] == "*"
    let_in = {line[1:].rstrip("/") for line in lines if line.startswith("!")}
    assert let_in == {
        *("LICENSE", "manage.py", "requirements/base.txt"),
        *("curriculum", "docker", "static", "templates", "tracker"),
    }
    for name in let_in:
        assert (ROOT / name).exists()


# --- the health checks --------------------------------------------------------------------------------------


def checked(script: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """One run of a health check, as the container runs it."""
    return subprocess.run(
        [sys.executable, f"docker/{script}.py"],
        cwd=ROOT,
        env=clean_environment(**environment),
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )


class Answer(http.server.BaseHTTPRequestHandler):
    """Answers /readyz with what the test has set."""

    status: ClassVar[int] = 200

    def do_GET(self) -> None:
        self.send_response(self.status if self.path == "/readyz" else 404)
        self.end_headers()
        self.wfile.write(b'{"database": "ok"}')

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def web_port() -> Iterator[int]:
    """A small web server; the port it listens on."""
    with http.server.HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1), (301, 1)])
def test_ready_follows_the_page(
    web_port: int, status: int, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Answer, "status", status)
    done = checked("ready", PORT=str(web_port))
    assert done.returncode == code, done.stderr
    assert '"database"' in done.stdout


def test_ready_is_not_where_nobody_listens() -> None:
    done = checked("ready", PORT=str(free_port()))
    assert done.returncode == 1
    assert "does not answer" in done.stdout
    assert not done.stderr


def own_database_url() -> str:
    """The address of the database this test uses."""
    said = connection.settings_dict
    return f"postgresql://{said['USER']}@{quote(str(said['HOST']), safe='')}/{said['NAME']}"


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("minutes", "code"), [(None, 1), (2, 0), (6, 1)])
def test_ticking_follows_the_last_tick(minutes: int | None, code: int) -> None:
    if minutes is not None:
        # The check compares with the database's clock, so a tick is made at that.
        with connection.cursor() as cursor:
            cursor.execute("SELECT now()")
            now = cursor.fetchone()[0]
        actions.beat(HEARTBEAT, now - timedelta(minutes=minutes))
    done = checked("ticking", DATABASE_URL=own_database_url())
    assert done.returncode == code, done.stdout + done.stderr
    assert ("No tick" in done.stdout) == (minutes is None)


def test_ticking_is_not_where_the_database_is_away(tmp_path: Path) -> None:
    done = checked("ticking", DATABASE_URL=f"postgresql://cairn@{quote(str(tmp_path), safe='')}/cairn")
    assert done.returncode == 1
    assert "does not answer" in done.stdout
