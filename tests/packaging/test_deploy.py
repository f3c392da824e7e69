"""The files for containers: what they name is there, and what builds the image makes an Aside that runs."""

import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import urllib.request
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from bot.serving import INSTALL_PATH, PATH, REDIRECT_PATH
from bot.settings import Settings
from bot.transport import FINISH_SECONDS
from tests.commands.conftest import TINY, free_port, serving

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "docs" / "deploy"
COMPOSE = ("compose.yml", "compose.many.yml")
ASIDE_USER = 10_001
PROBE = "import ensurepip, venv, sys; sys.exit(sys.version_info < (3, 11))"
OURS = {"ASIDE_SITE"}
"""Not Aside's own: for Caddy."""


def reachable() -> str | None:
    """A Python that every account may start: one in somebody's home is of no use to the image's user."""
    for python in ("/usr/bin/python3", sys.executable):
        home = Path(python).resolve()
        if home.exists() and all(each.stat().st_mode & 0o005 for each in home.parents):
            done = subprocess.run([python, "-c", PROBE], capture_output=True, check=False)
            if done.returncode == 0:
                return python
    return None


def composed(name: str) -> dict[str, Any]:
    """One of the two files."""
    found: dict[str, Any] = yaml.safe_load((DEPLOY / name).read_text("utf-8"))
    return found


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's, each with what stands behind it on one line."""
    text = re.sub(r"\\\n\s*", "", (DEPLOY / "Dockerfile").read_text("utf-8"))
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in lines)]


def environment() -> dict[str, str]:
    """What the last stage sets."""
    last = [rest for name, rest in instructions() if name == "ENV"][-1]
    return dict(each.split("=", 1) for each in last.split())


def test_every_setting_that_is_named_is_one() -> None:
    """A typo in a file for containers would be a setting that nobody reads."""
    known = {f"ASIDE_{name}".upper() for name in Settings.model_fields}
    files = [DEPLOY / name for name in (*COMPOSE, "Dockerfile", "Caddyfile", "aside.env.example")]
    named = {name for file in files for name in re.findall(r"\bASIDE_[A-Z_]+\b", file.read_text("utf-8"))}
    assert named - known == OURS


@pytest.mark.parametrize("name", COMPOSE)
def test_every_path_that_is_named_is_there(name: str) -> None:
    """What is built, what is mounted, which volumes and networks are used."""
    found = composed(name)
    for service in found["services"].values():
        if "build" in service:
            assert (DEPLOY / service["build"]["context"] / service["build"]["dockerfile"]).resolve().is_file()
        if "env_file" in service:
            assert (DEPLOY / f"{service['env_file']}.example").is_file()
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert source in found["volumes"] or (DEPLOY / source).exists()
        assert set(service.get("networks", [])) <= set(found.get("networks", {}))
        assert set(service.get("depends_on", [])) <= set(found["services"])


@pytest.mark.parametrize("name", COMPOSE)
def test_a_container_of_ours_may_do_little_and_has_time_to_end(name: str) -> None:
    """No rights, nothing to write but its data, and as long as its three steps may take before it is killed."""
    services = [each for each in composed(name)["services"].values() if each["image"] == "aside"]
    assert services
    for service in services:
        assert (service["read_only"], service["cap_drop"], service["tmpfs"]) == (True, ["ALL"], ["/tmp"])  # noqa: S108 - in a container
        assert service["security_opt"] == ["no-new-privileges:true"]
        assert "privileged" not in service
    workers = [each for each in services if "entrypoint" not in each]
    assert all(each["stop_grace_period"] == "45s" for each in workers)
    assert 3 * FINISH_SECONDS < 45


def test_nothing_is_published_but_tls_and_what_this_machine_asks() -> None:
    """`/metrics` and `/readyz` are not for the world."""
    assert composed("compose.yml")["services"]["aside"]["ports"] == ["127.0.0.1:3000:3000"]
    published = {name: each.get("ports") for name, each in composed("compose.many.yml")["services"].items()}
    assert {name: ports for name, ports in published.items() if ports} == {"caddy": ["80:80", "443:443"]}
    (let_in,) = re.findall(r"@slack path (.+)", (DEPLOY / "Caddyfile").read_text("utf-8"))
    assert set(let_in.split()) == {PATH, INSTALL_PATH, REDIRECT_PATH}


def test_the_example_of_settings_serves_one_workspace_or_several() -> None:
    """Every token, secret and key that either of them needs is named, for both files take their settings from it."""
    named = set(re.findall(r"^#?(ASIDE_[A-Z_]+)=", (DEPLOY / "aside.env.example").read_text("utf-8"), re.MULTILINE))
    needed = {f"ASIDE_{name}".upper() for name, field in Settings.model_fields.items() if field.annotation is SecretStr}
    assert needed - named == {"ASIDE_CRM_WEBHOOK_SECRET"}
    assert "ASIDE_SLACK_CLIENT_ID" in named
    ours = [each for name in COMPOSE for each in composed(name)["services"].values() if each["image"] == "aside"]
    assert all(each["env_file"] == "aside.env" for each in ours if "entrypoint" not in each)


BACKED_UP = {
    "compose.yml": ("aside-*.zip",),
    "compose.many.yml": ("aside-*.dump", "data-*.tar.gz"),
}
DOUBLES = {
    "aside": 'echo copied > "$2"',
    "pg_dump": 'echo dumped > "$3"',
    "sleep": "kill $PPID",
}
"""What the loop calls and no machine of ours has; one round is enough."""


@pytest.mark.slow
@pytest.mark.parametrize("name", COMPOSE)
def test_a_copy_is_made_at_the_start_unless_the_newest_is_of_this_day(name: str, tmp_path: Path) -> None:
    """A container that is started anew each day makes its copies too; of each kind there are seven at most."""
    service = composed(name)["services"]["backup"]
    assert {each.split(":")[0] for each in service["volumes"]} == {"data", "backups"}
    backups, data, doubles = tmp_path / "backups", tmp_path / "data", tmp_path / "bin"
    for folder in (backups, data / "workspaces" / "T1", data / "cache", doubles):
        folder.mkdir(parents=True)
    (data / "workspaces" / "T1" / "directory.db").touch()
    for double, body in DOUBLES.items():
        (doubles / double).write_text(f"#!/bin/sh\n{body}\n")
        (doubles / double).chmod(0o755)
    (script,) = service["command"]
    told = script.replace("$$", "$").replace("/backups", str(backups)).replace("-C / data", f"-C {tmp_path} data")

    def started() -> list[float]:
        path = {"PATH": f"{doubles}:/usr/bin:/bin"}
        subprocess.run(["/bin/sh", "-c", told], env=path, check=False, timeout=60)
        made = [file for kind in BACKED_UP[name] for file in backups.glob(kind)]
        assert len(made) == len(BACKED_UP[name]) == len(list(backups.iterdir()))
        assert all(re.fullmatch(r"(aside|data)-[1-7]\.(zip|dump|tar\.gz)", file.name) for file in made)
        return [file.stat().st_mtime for file in sorted(made)]

    first = started()
    assert started() == first
    if name == "compose.many.yml":
        with tarfile.open(next(backups.glob("*.tar.gz"))) as archive:
            names = archive.getnames()
        assert "data/workspaces/T1/directory.db" in names
        assert "data/cache" not in names
    for file in backups.iterdir():
        day_before = file.stat().st_mtime - 86_400
        os.utime(file, (day_before, day_before))
    assert min(started()) > day_before


@pytest.mark.parametrize("page", ["operating.md", "operating.zh-TW.md"])
def test_prometheus_is_told_where_the_workers_of_a_composition_are(page: str) -> None:
    """By their names and the image's port, in a network that they are in; the job is the one that the rules ask for."""
    text = (ROOT / "docs" / page).read_text("utf-8")
    found = composed("compose.many.yml")
    workers = [name for name, each in found["services"].items() if each["image"] == "aside"]
    targets = ", ".join(f'"{name}:{environment()["ASIDE_HTTP_PORT"]}"' for name in workers)
    assert f"- job_name: aside\n        static_configs: [{{targets: [{targets}]}}]" in text
    assert all("inside" in found["services"][name]["networks"] for name in workers)
    assert set(re.findall(r"aside-many_\w+", text)) == {f"{found['name']}_inside"}


def test_the_image_holds_no_secret_and_runs_as_nobody_else() -> None:
    """What is copied is named one by one; the last stage has a user of its own, by number."""
    found = instructions()
    assert [rest for name, rest in found if name == "USER"] == [f"{ASIDE_USER}:{ASIDE_USER}"]
    assert not any(re.search("TOKEN|SECRET|PASSWORD", rest) for name, rest in found if name in {"ENV", "ARG"})
    ignored = [line for line in _ignore_lines() if not line.startswith("!")]
    assert ignored[0] == "*"
    port = environment()["ASIDE_HTTP_PORT"]
    assert [rest for name, rest in found if name == "EXPOSE"] == [port]
    assert composed("compose.yml")["services"]["aside"]["ports"][0].endswith(f":{port}")
    assert f"aside1:{port} aside2:{port}" in (DEPLOY / "Caddyfile").read_text("utf-8")


def _ignore_lines() -> list[str]:
    lines = (DEPLOY / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_the_image_has_what_is_locked() -> None:
    """Each package in the version, with the hashes, that the tests run with."""

    def pinned(file: Path) -> dict[str, set[str]]:
        text = re.sub(r"\\\n\s*", " ", file.read_text("utf-8"))
        lines = [line for line in text.splitlines() if line and not line.strip().startswith("#")]
        return {line.split(" --hash")[0].strip(): set(re.findall(r"sha256:\w+", line)) for line in lines}

    everything, ours = pinned(ROOT / "requirements.lock"), pinned(DEPLOY / "requirements.lock")
    assert ours
    assert {name: everything.get(name) for name in ours} == ours
    assert not any(name.startswith(("pytest", "mypy", "playwright")) for name in ours)


def _context(folder: Path) -> None:
    """What Docker would hand to the build: the files of the tree that are not ignored."""
    kept = [line[1:] for line in _ignore_lines() if line.startswith("!")]
    never = [line.removeprefix("**/") for line in _ignore_lines() if line.startswith("**/")]
    for name in kept:
        source, target = ROOT / name, folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, symlinks=True, ignore=shutil.ignore_patterns(*never))
        elif not any(fnmatch(name, each) for each in never):
            shutil.copy2(source, target)


@pytest.fixture(scope="module")
def built() -> Iterator[Path]:
    """The folder in which the build stage's commands have made an Aside."""
    with tempfile.TemporaryDirectory(prefix="aside-image-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        tree, home, python = folder / "src", folder / "opt", reachable() or sys.executable
        tree.mkdir()
        _context(tree)
        found = instructions()
        last = max(n for n, (name, _) in enumerate(found) if name == "FROM")
        for command in [rest for name, rest in found[:last] if name == "RUN"]:
            told = command.replace("/opt/aside", str(home)).replace("python -m venv", f"{python} -m venv")
            done = subprocess.run(
                ["/bin/sh", "-ec", told], cwd=tree, capture_output=True, encoding="utf-8", timeout=600, check=False
            )
            if "Could not find a version" in done.stderr or "No matching distribution" in done.stderr:
                pytest.skip("no packages can be had here, which the image is built from")
            assert done.returncode == 0, done.stderr
        yield folder


@pytest.mark.slow
def test_what_the_dockerfile_builds_runs_as_its_user_and_ends_in_order(built: Path) -> None:
    """From an empty home, with nothing writable but its data: alive by the image's own check, counted, ended with 0."""
    port, data = str(free_port()), built / "data"
    data.mkdir(mode=0o700)
    user: dict[str, Any] = {}
    if os.getuid() == 0 and reachable():
        os.chown(data, ASIDE_USER, ASIDE_USER)
        user = {"user": ASIDE_USER, "group": ASIDE_USER, "extra_groups": []}
    shutil.copytree(TINY, built / "tiny")
    (check,) = [rest for name, rest in instructions() if name == "HEALTHCHECK"]
    asks = yaml.safe_load(check.split("CMD ", 1)[1])
    with serving() as slack:
        settings = {
            **environment(),
            "PATH": f"{built / 'opt' / 'bin'}:/usr/bin:/bin",
            "HOME": "/nonexistent",
            "ASIDE_DATA": str(data),
            "ASIDE_CACHE": str(data / "cache"),
            "ASIDE_HTTP_HOST": "127.0.0.1",
            "ASIDE_HTTP_PORT": port,
            "ASIDE_PLAYBOOK": str(built / "tiny"),
            "ASIDE_SLACK_API_URL": slack.api_url,
            "ASIDE_SLACK_BOT_TOKEN": "xoxb-sandbox",
            "ASIDE_SLACK_APP_TOKEN": "xapp-sandbox",
        }
        command = [str(built / "opt" / "bin" / "aside"), "run"]
        with subprocess.Popen(command, cwd="/", env=settings, stdout=subprocess.PIPE, encoding="utf-8", **user) as bot:
            assert bot.stdout
            assert "listening" in bot.stdout.readline()
            assert subprocess.run(asks, cwd="/", env=settings, check=False, **user).returncode == 0
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
                told = {each.name for each in text_string_to_metric_families(answer.read().decode())}
            assert {"aside_heard", "aside_inbox_rows", "aside_database_up", "process_resident_memory_bytes"} <= told
            bot.send_signal(signal.SIGTERM)
            assert bot.wait(60) == 0
    assert (data / "casebook.db").stat().st_mode & 0o777 == 0o600
