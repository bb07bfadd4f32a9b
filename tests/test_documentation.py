"""What README and docs show is so: every command exists with its options, and every example file is understood."""

import html
import re
import shlex
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from rich.text import Text

from engine.lab import read_scenario
from tui.cli import shindan

ROOT = Path(__file__).parents[1]
PAGES = (
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted((ROOT / "samples").glob("*/README.md")),
)
BLOCK = re.compile(r"^```(?P<language>\w*)\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"(?<!`)`((?:shindan|diagnose) [^`]+)`")
PROGRAM = re.compile(r"(?:\.venv/bin/)?(shindan|diagnose)")
WRITTEN_SHORT = re.compile(r"\w+(?:\|\w+)+")
"""`agent enrol|run`: several commands in one."""


def blocks(page: Path, language: str) -> list[str]:
    return [block["text"] for block in BLOCK.finditer(page.read_text()) if block["language"] == language]


def commands(page: Path) -> Iterator[list[str]]:
    """Every call of ours on a page, in examples and in running text."""
    lines = [line for block in blocks(page, "sh") for line in block.splitlines()]
    for line in [*lines, *SPAN.findall(BLOCK.sub("", page.read_text()))]:
        lexer = shlex.shlex(line.replace("\\|", "|"), posix=True, punctuation_chars=";&")
        lexer.whitespace_split = True
        call: list[str] = []
        for word in [*lexer, ";"]:
            if set(word) <= set(";&"):
                if call and PROGRAM.fullmatch(call[0]):
                    yield [PROGRAM.sub(r"\1", call[0]), *call[1:]]
                call = []
            else:
                call.append(word)


def check(call: list[str]) -> None:
    """Walk down to the command, and look for its options."""
    command: click.Command = shindan
    words = call[1:] if call[0] == "shindan" else ["diagnose", *call[1:]]
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        name = words.pop(0)
        names = name.split("|") if WRITTEN_SHORT.fullmatch(name) else [name]
        found = [there for one in names if (there := command.get_command(click.Context(command), one))]
        assert len(found) == len(names), f"{' '.join(call)}: there is no command {name}"
        command = found[0]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    used = {word.partition("=")[0] for word in words if re.match(r"--?[a-z]", word)}
    assert used <= known | {"--help", "--version"}, f"{' '.join(call)}: {used - known}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_command_that_a_page_shows_exists_with_its_options(page):
    for call in commands(page):
        check(call)


def test_the_commands_of_the_pages_are_found():
    assert len(list(commands(ROOT / "README.md"))) > 20


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_to_a_file_and_every_anchor_to_a_heading(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", BLOCK.sub("", page.read_text())):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        there = page.parent / path if path else page
        assert there.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.*)$", there.read_text(), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


def test_the_backup_commands_of_the_readme_do_what_they_say(tmp_path, monkeypatch):
    (example,) = (block for block in blocks(ROOT / "README.md", "sh") if "shindan prune" in block)
    (tmp_path / "disk.vhdx").write_bytes(b"a disk of one image, told in a few bytes".ljust(1 << 18, b"."))
    monkeypatch.chdir(tmp_path)
    points = 0
    for line in example.replace("/backups", "backups").splitlines():
        (_, *words), *_ = [shlex.split(line, comments=True)]
        times = 3 if words[0] == "backup" else 1  # "again": until there is the third, which the example restores
        for _ in range(times):
            done = CliRunner().invoke(shindan, words)
            assert done.exit_code == 0, f"{line}: {done.stderr}"
            points += words[0] == "backup"
    assert points == 3
    assert (tmp_path / "disk-of-monday.vhdx").read_bytes() == (tmp_path / "disk.vhdx").read_bytes()


def test_the_scenario_of_the_lab_page_is_one(tmp_path):
    (example,) = blocks(ROOT / "docs" / "lab.md", "yaml")
    (tmp_path / "scenario.yml").write_text(example)
    assert read_scenario(tmp_path).title in example


def test_the_rule_of_the_rules_page_stands_the_check_that_the_page_tells_of(tmp_path, monkeypatch):
    rule, samples, *_ = blocks(ROOT / "docs" / "rules.md", "yaml")
    (name,) = re.findall(r"^name: (\S+)", rule, re.MULTILINE)
    (tmp_path / f"{name}.yml").write_text(rule)
    (tmp_path / f"{name}.tests.yml").write_text(samples)
    monkeypatch.chdir(tmp_path)
    for command in ("lint", "test"):
        done = CliRunner().invoke(shindan, ["rules", command, "."])
        assert (done.exit_code, done.stdout) == (0, "")


def test_the_picture_of_the_report_shows_what_is_printed(monkeypatch):
    """Its first lines, but for the numbers; `python docs/make_pictures.py` draws it anew."""
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    lines = import_module("make_pictures").printed("guest-sql-writer")[:13]
    picture = (ROOT / "docs" / "pictures" / "guest-sql-writer.svg").read_text()
    drawn = "".join(re.findall(r"<text[^>]*-r\d+\"[^>]*>([^<]*)</text>", picture))
    assert words("".join(Text.from_ansi(line).plain for line in lines)) in words(html.unescape(drawn))


def words(text: str) -> str:
    """Letters alone: how lines break, and numbers, are not compared."""
    return "".join(re.findall(r"[^\W\d_]+", text))
