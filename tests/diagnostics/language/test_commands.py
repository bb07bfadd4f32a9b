"""Commands speak the language that they are asked to; what programs read stays English."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from click.testing import CliRunner

from diagnostics.cli import diagnose
from diagnostics.commands.collect import collect
from diagnostics.commands.eligibility import eligibility
from diagnostics.commands.rules.explain import explain
from diagnostics.language import speak
from diagnostics.report.markdown import to_markdown
from diagnostics.report.page import to_html
from tests.bundled import SAMPLES, diagnosis_of
from tests.test_samples import SAMPLES as LAB_SAMPLES
from tui.cli import shindan

GOLDEN = Path(__file__).parent / "golden"
SAMPLE = "guest-sql-writer"
LOGS = str(SAMPLES / SAMPLE / "logs")


def told(command, *arguments, **environment):
    result = CliRunner(env={"COLUMNS": "80", **environment}).invoke(command, arguments)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.stdout


def report(render):
    """A report in Japanese on the sample that was read once."""
    diagnosis = diagnosis_of(SAMPLE)
    speak("ja")
    return render(diagnosis.verdict, diagnosis.case.graph).decode()


def without_numbers(text):
    """Weights and probabilities are the model's; the words are what is held here."""
    return re.sub(r"[<>]?[+-]?\d+(\.\d+)?(?=( dB|%| ビット))", "#", text)


def test_a_report_in_japanese_is_as_its_golden_file():
    path, shown = GOLDEN / f"{SAMPLE}.ja.txt", without_numbers(told(diagnose, "--lang", "ja", "--plain", LOGS))
    if os.environ.get("REGENERATE"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")


def complaint(command, *arguments, **environment):
    """What a command that cannot do its work says, and how it ends."""
    ran = subprocess.run(
        [sys.executable, "-m", command, *arguments],
        capture_output=True, text=True, encoding="utf-8", check=False, env=os.environ | environment,
    )  # fmt: skip
    return ran.returncode, ran.stderr


def test_errors_are_told_in_the_user_s_language():
    assert complaint("diagnostics", "/no/such", "--lang", "ja") == (3, "diagnose: /no/such がありません\n")
    code, told = complaint("diagnostics", LOGS, "--tz", "Asia/Tokio", LANG="ja_JP.UTF-8")
    assert (code, told.splitlines()[-1]) == (2, "エラー: 不明なタイム ゾーン 'Asia/Tokio'。Asia/Tokyo のことですか?")
    code, told = complaint("tui", "open", "/no/such", LANG="ja_JP.UTF-8")
    assert (code, told.splitlines()[1]) == (2, "使い方は 'shindan open --help' で表示されます。")


def test_a_language_that_is_asked_for_outdoes_the_environment_in_errors_too():
    code, told = complaint("diagnostics", LOGS, "--role", "x", "--lang", "en", LANG="ja_JP.UTF-8")
    assert (code, told.splitlines()[-1]) == (2, "Error: --role x: expected NAME=ROLE, for example HV01=host")


def test_json_is_the_same_in_every_language():
    assert told(diagnose, "--lang", "ja", "--format", "json", LOGS) == told(diagnose, "--format", "json", LOGS)


def test_without_the_option_the_environment_tells_the_language():
    assert told(diagnose, "--plain", LOGS, LANG="ja_JP.UTF-8").startswith("判定: 確定。")
    assert told(diagnose, "--plain", "--lang", "en", LOGS, LANG="ja_JP.UTF-8").startswith("Verdict: asserted.")


def test_help_stays_english():
    assert "Exit status" in told(diagnose, "--help", LANG="ja_JP.UTF-8")


def test_a_wrong_language_is_refused_with_those_that_there_are():
    result = CliRunner().invoke(shindan, ["diagnose", "--lang", "fr", LOGS])
    assert result.exit_code == 2
    assert "'en', 'ja'" in result.stderr


def test_the_page_says_which_language_it_is_in():
    page = report(to_html)
    assert '<html lang="ja">' in page
    assert "<h2>証拠</h2>" in page
    assert "Made by Shindan" not in page


def test_japanese_sentences_need_no_code_spans_in_markdown():
    ticket = report(to_markdown)
    assert "### 対処: フリーズできないデータベースを修復する (設定を変更する)" in ticket
    assert "サービスが再起動されるまで" not in "".join(re.findall(r"`[^`]*`", ticket))


def test_articles_are_told_in_japanese_and_their_json_in_english():
    article = told(explain, "--lang", "ja", "0x800423F4")
    assert "コード 0x800423F4: VSS_E_WRITERERROR_NONRETRYABLE" in article
    assert "再試行しても失敗すると判断している。" in article
    assert told(explain, "--lang", "ja", "--json", "0x800423F4") == told(explain, "--json", "0x800423F4")


def test_what_to_collect_is_listed_in_japanese_and_the_script_stays_ascii():
    assert "分かること" in told(collect, "--lang", "ja", "--list")
    assert told(collect, "--lang", "ja").isascii()


def test_conditions_are_told_in_japanese_and_their_json_in_english():
    logs = str(LAB_SAMPLES / "condition-b-dynamic-disk" / "logs")
    assert "仮想マシンが実行中である。" in told(eligibility, "--lang", "ja", logs)
    machines = json.loads(told(eligibility, "--lang", "ja", "--json", logs))["machines"]
    assert machines[0]["conditions"][5]["condition"] == "The virtual machine is running."
