"""What the documents say is what the code says, and nothing they point to is missing."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from channels_app.adapters.registry import adapters, get_adapter_class
from channels_app.adapters.types import Limit
from channels_app.models import ChannelJob
from channels_app.views import channel_facts
from channels_app.views.words import JOBS, describe_capabilities
from marketplace_integration import environment
from marketplace_integration.celery_config import LANES
from marketplace_integration.environment import ROOT
from marketplace_integration.local.stack import Stack, Wishes
from sandbox.faults import KINDS

DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
README = (ROOT / "README.md").read_text()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_within_the_project_leads_somewhere(document: Path) -> None:
    missing = [
        target
        for target, anchor in links(document)
        if not (document.parent / target).exists()
        or (anchor and anchor not in anchors((document.parent / target) if target else document))
    ]

    assert missing == []


def test_every_make_target_that_a_document_names_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))

    named = {name for document in DOCUMENTS for name in re.findall(r"`make ([a-z-]+)", document.read_text())}

    assert {"run", "test"} <= named
    assert named - targets == set()


def test_every_command_of_manage_py_that_a_document_names_exists() -> None:
    ours = {path.stem for path in ROOT.glob("*/management/commands/*.py")}
    django = {"migrate", "collectstatic", "check", "createsuperuser", "makemigrations", "shell"}

    named = {name for document in DOCUMENTS for name in re.findall(r"manage\.py ([a-z_]+)", document.read_text())}

    assert named - ours - django == set()


def test_the_settings_table_is_the_printed_one() -> None:
    assert environment.markdown() in README, "print it with: python -m marketplace_integration.environment"


def test_the_table_of_channels_is_what_the_adapters_declare() -> None:
    rows = [
        f"| {adapter.label} | `{key}` | {'; '.join(describe_capabilities(adapter.capabilities))} |"
        for key, adapter in adapters().items()
    ]

    assert [row for row in rows if row not in README] == []


@pytest.mark.parametrize("key", [key for key in adapters() if key != "sandbox"])
def test_the_tables_of_a_channels_document_are_what_its_adapter_declares(key: str) -> None:
    document = (ROOT / "docs" / "channels" / f"{key}.md").read_text()

    assert channel_facts.markdown(get_adapter_class(key)) in document, f"print it: manage.py describe_channel {key}"
    assert f"(docs/channels/{key}.md)" in README
    assert "To be confirmed with a live account" in document


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (Limit(per_second=2, burst=20), "2 a second, 20 at once"),
        (Limit(per_second=1 / 60), "1 a minute"),
        (Limit(per_second=1 / 15), "4 a minute"),
        (Limit(per_second=10 / 3600), "10 an hour"),
        (Limit(per_second=1 / 86_400, burst=3), "1 a day, 3 at once"),
        (Limit(per_second=1 / 172_800), "0.5 a day"),
    ],
)
def test_limits_are_told_in_whole_numbers_where_they_can_be(limit: Limit, words: str) -> None:
    assert channel_facts.describe_limit(limit) == words


def test_times_are_told_in_the_largest_unit() -> None:
    assert [channel_facts.describe_seconds(s) for s in (15, 90, 300, 900, 86_400)] == [
        "15 seconds",
        "90 seconds",
        "5 minutes",
        "15 minutes",
        "day",
    ]


def test_the_table_of_jobs_is_what_the_sandbox_declares() -> None:
    jobs = {ChannelJob.Kind(kind): seconds for kind, seconds in get_adapter_class("sandbox").intervals.items()}

    rows = [f"| {job.label} | {JOBS[job]} | {ChannelJob.LANES[job]} | every {jobs[job]:,} s |" for job in jobs]

    assert [row for row in rows if row not in README] == []


def test_the_table_of_processes_names_them_all() -> None:
    stack = Stack(
        wishes=Wishes(data=ROOT), web_port=8000, sandbox_port=9000, postgres=None, valkey=None, environment={}
    )
    roles = [program.role for program in (*stack.programs(), *stack.sandbox_programs())]

    named = [role for role in roles if f"`{role}`" in README]

    assert named == roles
    assert [lane for lane in LANES if f"`worker-{lane}`" not in README] == []


def test_the_guide_to_a_new_channel_is_short_and_names_an_example_to_copy() -> None:
    guide = (ROOT / "docs" / "adding_a_channel.md").read_text()

    assert len(guide.splitlines()) < 100
    assert "(../channels_app/adapters/sandbox/)" in guide


def test_the_list_of_faults_is_the_sandboxs_own() -> None:
    text = (ROOT / "docs" / "sandbox.md").read_text()

    assert [name for name, does in KINDS.items() if f"| `{name}` | {does} |" not in text] == []


def test_the_picture_is_small_enough_to_clone() -> None:
    pictures = list((ROOT / "docs" / "images").glob("*"))

    assert pictures
    assert [path.name for path in pictures if path.stat().st_size > 300_000] == []


def test_no_file_names_where_packages_come_from() -> None:
    hosts = ("pypi" + ".org", "files.python" + "hosted", "npmjs" + ".", "unpkg" + ".com", "jsdelivr" + ".net")

    naming = [str(path.relative_to(ROOT)) for path in written_files() if any(host in text(path) for host in hosts)]

    assert naming == []


def links(document: Path) -> Iterator[tuple[str, str]]:
    """File and anchor of each relative link."""
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        if not re.match(r"[a-z]+:", target):
            file, _, anchor = target.partition("#")
            yield file, anchor


def anchors(document: Path) -> set[str]:
    """The anchors of a document's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def written_files() -> Iterator[Path]:
    """The project's own text files."""
    skipped = {".venv", ".git", ".local", "staticfiles", "output"}
    endings = {".md", ".py", ".toml", ".lock", ".yml", ".yaml", ".html", ".js", ".css", ".sh", ".sql", ""}
    for folder, names, files in os.walk(ROOT):
        names[:] = [name for name in names if name not in skipped and not name.endswith("_cache")]
        yield from (Path(folder, name) for name in files if Path(name).suffix in endings)


def text(path: Path) -> str:
    return path.read_text(errors="ignore")
