"""Variables, files of secrets, options from the environment; and that no secret is ever shown."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from settings_files import ADA, HEAD, loaded, problems, saved

from newsletter.config import load
from newsletter.config.interpolation import interpolate
from newsletter.errors import ConfigError
from newsletter.models import TldrSettings

SECRET = "hunter2-correct-horse"
SMTP = "smtp: {host: h, username: u, password: %s}\n"
FILE = "smtp: {host: h, username: u, password_file: %s}\n"


# ------------------------------------------------------------------ variables


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${A}", "one"),
        ("x${A}y${A}", "xoneyone"),
        ("${EMPTY}", ""),
        ("${GONE:-two}", "two"),
        ("${EMPTY:-two}", "two"),
        ("${A:-two}", "one"),
        ("${GONE:-}", ""),
        ("${A:?never}", "one"),
        ("$$", "$"),
        ("$${A}", "${A}"),
        ("$$$${A}", "$${A}"),
        ("cost: 5$ or $A", "cost: 5$ or $A"),
        ("${DOLLAR}", "${A}"),
    ],
)
def test_variables_are_filled_in_once(text: str, expected: str) -> None:
    """The grammar of Compose; what a variable holds is not looked at again."""
    assert interpolate(text, {"A": "one", "EMPTY": "", "DOLLAR": "${A}"}) == expected


@pytest.mark.parametrize("text", ["${", "${A", "${}", "${1A}", "${A-b}", "${A:+b}", "${A B}"])
def test_an_unfinished_variable_is_no_text(text: str) -> None:
    """A slip is told instead of being sent to the server as a password."""
    with pytest.raises(ValueError, match="unfinished"):
        interpolate(text, {"A": "one"})


@given(st.text())
def test_doubling_every_dollar_gives_any_text_back(text: str) -> None:
    """Whatever the password, there is a way to write it."""
    assert interpolate(text.replace("$", "$$"), {}) == text


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("${GONE}", "needs the environment variable GONE, which is not set"),
        ("${GONE:?ask the operator}", "needs the environment variable GONE: ask the operator"),
        ("${GONE:?}", "needs the environment variable GONE: it is not set"),
        ("${gone", "holds an unfinished ${…}; write ${NAME}, or $$ for a dollar sign"),
    ],
)
def test_a_variable_that_is_not_set_is_told_with_its_place(tmp_path: Path, written: str, expected: str) -> None:
    """The line says which variable, and what it is for."""
    found = problems(tmp_path, HEAD + SMTP % f'"{written}"' + f"store: '{written}'\n")

    assert found == [f"subscribers.yaml:4:40: smtp.password {expected}", f"subscribers.yaml:5:8: store {expected}"]


def test_variables_work_in_any_text_and_in_no_key(tmp_path: Path) -> None:
    """The environment cannot change the shape of the file."""
    config = loaded(tmp_path, HEAD + ADA.replace("ada@", "${WHO}@") + "issue: {max_papers: '${N:-4}'}\n", WHO="grace")

    assert (config.subscribers[0].email, config.issue.max_papers) == ("grace@example.org", 4)


def test_yaml_in_a_variable_stays_text(tmp_path: Path) -> None:
    """Interpolation happens after parsing."""
    config = loaded(tmp_path, HEAD.replace("Daily Papers,", "'${NAME}',") + ADA, NAME="a: [b] # c")

    assert config.newsletter.name == "a: [b] # c"


def test_commands_that_send_nothing_need_no_secret(tmp_path: Path) -> None:
    """A preview works before the password is there; the warning says what sending will need."""
    config = loaded(tmp_path, HEAD + SMTP % '"${SMTP_PASSWORD}"' + ADA, sending=False)

    assert config.smtp is None
    assert [str(warning.message) for warning in config.warnings] == [
        "smtp.password needs the environment variable SMTP_PASSWORD, which is not set"
    ]


def test_commands_that_send_nothing_need_no_file_of_a_secret(tmp_path: Path) -> None:
    """The same for a password in a file."""
    config = loaded(tmp_path, HEAD + FILE % "gone" + ADA, sending=False)

    assert config.smtp is None
    assert config.warnings[0].message.startswith("smtp.password_file cannot be read")


# ------------------------------------------------------------------ files


@pytest.mark.parametrize("body", [SECRET, SECRET + "\n", SECRET + "\r\n"])
def test_a_password_file_gives_its_line_without_the_end(tmp_path: Path, body: str) -> None:
    """Editors and `echo` add a line end; a path begins at the folder of the YAML."""
    secret = saved(tmp_path, "", "secrets/smtp")
    secret.write_bytes(body.encode())
    secret.chmod(0o600)
    config = loaded(tmp_path, HEAD + FILE % "secrets/smtp" + ADA)

    assert config.smtp
    assert config.smtp.password == SECRET
    assert config.warnings == ()


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"one\ntwo\n", "must hold the secret alone, on one line"),
        (b"x" * 5000, "is larger than 4,096 bytes; is it the right file?"),
        (b"\xff\xfe", "is not UTF-8 text"),
        (None, "cannot be read: No such file or directory"),
    ],
)
def test_a_password_file_that_cannot_be_used_is_told(tmp_path: Path, body: bytes | None, expected: str) -> None:
    """The place is the line that names the file."""
    if body is not None:
        (tmp_path / "secret").write_bytes(body)
    [problem] = problems(tmp_path, HEAD + FILE % "secret" + ADA)

    assert problem == f"subscribers.yaml:4:45: smtp.password_file {expected}"


def test_a_folder_for_a_password_file_is_told(tmp_path: Path) -> None:
    """Docker makes a folder where a mounted secret is missing."""
    (tmp_path / "secret").mkdir()
    [problem] = problems(tmp_path, HEAD + FILE % "secret")

    assert problem.endswith("smtp.password_file is not a file")


def test_a_password_file_that_everyone_can_read_is_a_warning(tmp_path: Path) -> None:
    """The warning is the command that mends it."""
    saved(tmp_path, SECRET, "secret").chmod(0o644)
    [warning] = loaded(tmp_path, HEAD + FILE % "secret" + ADA).warnings

    assert warning.message == "smtp.password_file can be read by everyone; run: chmod 600 secret"


# ------------------------------------------------------------------ options from the environment


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    """A container's password needs no change of the YAML, and a dollar sign in it needs no second one."""
    config = loaded(
        tmp_path,
        HEAD + SMTP % '"${GONE}"' + ADA,
        NEWSLETTER__SMTP__PASSWORD="pa$$${x",
        NEWSLETTER__SMTP__PORT="2525",
        NEWSLETTER__SCHEDULE__DAYS="mon,fri",
        NEWSLETTER__STORE="sqlite:////var/lib/papers.db",
    )

    assert config.smtp
    assert (config.smtp.password, config.smtp.port, config.store) == ("pa$$${x", 2525, "sqlite:////var/lib/papers.db")
    assert config.schedule.weekdays == frozenset({1, 5})


def test_a_password_file_from_the_environment_replaces_the_password(tmp_path: Path) -> None:
    """What Docker secrets give."""
    path = saved(tmp_path, SECRET, "secret")
    path.chmod(0o600)
    config = loaded(tmp_path, HEAD + SMTP % "old" + ADA, NEWSLETTER__SMTP__PASSWORD_FILE=str(path))

    assert config.smtp
    assert config.smtp.password == SECRET


def test_a_section_may_come_from_the_environment_alone(tmp_path: Path) -> None:
    """The whole server in a container's environment."""
    config = loaded(tmp_path, HEAD + ADA, NEWSLETTER__SMTP__HOST="smtp.example.org", NEWSLETTER__SMTP__PORT="")

    assert config.smtp
    assert (config.smtp.host, config.smtp.port) == ("smtp.example.org", 587)


def test_an_option_that_does_not_exist_is_told(tmp_path: Path) -> None:
    """A slip in the environment is found like one in the file, after those of the file."""
    found = problems(
        tmp_path, HEAD + "store: x\n", {"NEWSLETTER__SMPT__PASSWORD": SECRET, "NEWSLETTER__ISSUE__MAX_PAPERS": "many"}
    )

    assert [problem.split(": ", 1)[0] for problem in found[1:]] == [
        "$NEWSLETTER__ISSUE__MAX_PAPERS:1:1",
        "$NEWSLETTER__SMPT__PASSWORD:1:1",
    ]
    assert found[2].endswith("unknown key 'smpt'; did you mean 'smtp'?")


# ------------------------------------------------------------------ nothing is shown

LEAKS = {
    "number": "smtp: {host: h, username: u, password: 8675309867}",
    "list": f"smtp: {{host: h, username: u, password: [{SECRET}]}}",
    "mapping": f"smtp: {{host: h, username: u, password: {{{SECRET}: }}}}",
    "no_space": f"smtp: {{host: h, password:{SECRET}}}",
    "space_for_colon": f"smtp: {{host: h, password {SECRET}}}",
    "comma_for_colon": f"smtp: {{host: h, password, {SECRET}}}",
    "text_for_a_section": f"smtp: password {SECRET}",
    "as_key": f"smtp: {{host: h, {SECRET}: 1}}",
    "nested": f"smtp: {{host: h, auth: {{password: {SECRET}}}}}",
    "alias": f"smtp: {{host: h, password: *{SECRET}}}",
    "tag": f"smtp: {{host: h, username: u, password: !{SECRET} x}}",
    "tag_handle": f"smtp: {{host: h, username: u, password: !{SECRET}!x}}",
    "anchor": f"smtp: {{host: h, username: u, port: x, password: &{SECRET}}}",
    "not_closed": f'smtp: {{host: h, username: u, password: "{SECRET}}}',
    "escape": f'smtp: {{host: h, username: u, password: "\\q{SECRET}"}}',
    "backtick": f"smtp: {{host: h, username: u, password: `{SECRET}`}}",
    "twice": f"smtp: {{host: h, username: u, password: {SECRET}, password: {SECRET}}}",
    "key_twice": f"smtp: {{host: h, password:{SECRET}, password:{SECRET}}}",
    "port": f"smtp: {{host: h, username: u, port: {SECRET}, password: p}}",
    "encryption": f"smtp: {{host: h, username: u, encryption: {SECRET}, password: p}}",
    "host": f'smtp: {{host: "\\n{SECRET}", username: u, password: p}}',
    "good_beside_bad": f"smtp: {{host: h, username: u, prot: 1, password: {SECRET}}}",
    "variable": "smtp: {host: h, username: u, port: '${SECRET}', password: '${SECRET}'}",
    "variable_elsewhere": "issue: {abstract: '${SECRET}', max_papers: '${SECRET}'}",
    "variable_in_zone": "schedule: {timezone: '${SECRET}', time: '${SECRET}', days: '${SECRET}'}",
    "variable_in_address": "subscribers: [{email: '${SECRET}', interests: ['${SECRET}']}]",
    "variable_in_weight": "subscribers: [{email: a@example.org, interests: [{name: the, weight: '${SECRET}'}]}]",
    "unset_under_a_secret": f"smtp: {{host: h, 'password {SECRET}': '${{GONE}}'}}",
    "empty_under_a_secret": f"sources: [{{'feed {SECRET}': {{name: }}}}]",
    "unfinished": f"smtp: {{host: h, username: u, password: '${{{SECRET}'}}",
    "store_variable": "store: mysql://user:${SECRET}@db/papers",
    "store": f"store: postgres://user:{SECRET}@db/papers",
    "feed": f"sources: [{{feed: {{name: X, url: 'ftp://user:{SECRET}@example.org/rss'}}}}]",
    "feed_variable": "sources: [{feed: {name: X, url: '${SECRET}', path: '${SECRET}'}}]",
    "feed_kind": f"sources: [{{'feed:{SECRET}': }}]",
    "category": "sources: [{arxiv: {categories: ['${SECRET}'], path: '${SECRET}'}}]",
    "model_key": f"tldr: {{url: 'http://x/v1', model: m, max_papers: 0, api_key: {SECRET}}}",
    "model_key_as_list": f"tldr: {{url: 'http://x/v1', model: m, api_key: [{SECRET}]}}",
    "model_key_in_address": f"tldr: {{url: 'http://x/v1?key={SECRET}', model: m}}",
    "model_key_no_space": f"tldr: {{url: 'http://x/v1', model: m, api_key:{SECRET}}}",
    "token_command": f"smtp: {{host: h, username: u, token_command: 'get \"{SECRET}'}}",
    "token_command_as_list": f"smtp: {{host: h, username: u, token_command: [{SECRET}, 7]}}",
    "deliver_variable": "deliver: {on_unknown: '${SECRET}', sendmail: '\"${SECRET}'}",
    "dkim_key": f"dkim: {{domain: example.org, selector: a, private_key: {SECRET}}}",
    "dkim_no_space": f"dkim: {{domain: example.org, selector: a, private_key:{SECRET}}}",
    "dkim_selector": f"dkim: {{domain: example.org, selector: '- {SECRET}', private_key: '-----BEGIN X'}}",
    "dkim_in_a_list": f"dkim: [{{domain: example.org, selector: a, {SECRET}: 1}}, {SECRET}]",
    "inbox_secret": "inbox: {maildir: x, secret: ${SHORT}}",
    "inbox_no_space": f"inbox: {{maildir: x, secret:{SECRET}}}",
    "inbox_as_key": f"inbox: {{{SECRET}: 1, imap: {{{SECRET}: 1, password {SECRET}}}}}",
    "imap_port": f"inbox: {{imap: {{host: h, username: u, port: {SECRET}, password: p}}}}",
    "imap_password": f"inbox: {{imap: {{host: h, username: u, password: [{SECRET}]}}}}",
    "store_password": "store: 'postgresql://user:${SECRET}@/x@db/papers'",
    "store_as_host": "store: 'postgresql://user:12/${SECRET}@db/papers'",
    "store_option": f"store: postgresql://db/papers?password={SECRET}",
    "override": "smtp: 7",
}


@pytest.mark.parametrize("text", LEAKS.values(), ids=LEAKS)
def test_no_secret_is_ever_shown(tmp_path: Path, text: str) -> None:
    """Not in a problem, not in an exception, not in its traceback, whatever the slip."""
    environment = {"SECRET": SECRET, "SHORT": SECRET[:8], "NEWSLETTER__SMTP__PASSWORD": ""}
    if text == LEAKS["override"]:
        environment |= {"NEWSLETTER__SMTP__PASSWORD": SECRET, "NEWSLETTER__SMTP__PORT": SECRET}
    path = saved(tmp_path, text + "\n")

    with pytest.raises(ConfigError) as caught:
        load(path, environment=environment)
    printed = "".join(traceback.format_exception(caught.value)) + repr(caught.value) + repr(caught.value.problems)
    assert SECRET[:8] not in printed
    assert "8675309867" not in printed


def test_no_secret_shows_in_the_settings(tmp_path: Path) -> None:
    """A log of the configuration gives nothing away."""
    text = HEAD + "  - feed: {name: X, url: 'https://user:${S}@example.org/rss'}\n" + SMTP % '"${S}"'
    config = loaded(tmp_path, text + ADA, S=SECRET)

    assert config.smtp
    assert config.smtp.password == SECRET
    assert SECRET not in repr(config) + str(config)


# ------------------------------------------------------------------ the key of a language model

TLDR = "tldr: {url: 'http://localhost:11434/v1', model: llama3.2, %s}\n"


def test_a_language_model_is_read_with_its_key_and_never_shown(tmp_path: Path) -> None:
    """Off unless the section stands there; the key is a secret like any other."""
    config = loaded(tmp_path, HEAD + TLDR % 'api_key: "${S}"' + ADA, S=SECRET)

    assert loaded(tmp_path, HEAD + ADA).tldr is None
    assert config.tldr == TldrSettings("http://localhost:11434/v1", "llama3.2", SECRET)
    assert SECRET not in repr(config) + str(config)


def test_the_key_of_a_language_model_may_stand_in_a_file(tmp_path: Path) -> None:
    """By the rules of a password's; what is wrong with it is told by its own name."""
    saved(tmp_path, SECRET, "key").chmod(0o600)
    config = loaded(tmp_path, HEAD + TLDR % "api_key_file: key" + ADA)

    assert config.tldr
    assert config.tldr.api_key == SECRET
    [problem] = problems(tmp_path, HEAD + TLDR % "api_key_file: gone" + ADA)
    assert "tldr.api_key_file cannot be read" in problem


def test_commands_that_send_nothing_need_no_key_of_a_language_model(tmp_path: Path) -> None:
    """Without its key the model is not asked, with a warning."""
    config = loaded(tmp_path, HEAD + TLDR % 'api_key: "${GONE}"' + ADA, sending=False)

    assert config.tldr is None
    assert config.warnings[0].message == "tldr.api_key needs the environment variable GONE, which is not set"
