"""The sections by which mail leaves and comes back → their records, with the secrets they name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from newsletter.config.alignment import aligned
from newsletter.config.choices import WAYS_OUT
from newsletter.config.mail import DkimSection, ImapSection, SmtpSection
from newsletter.config.naming import Location, shown, subject
from newsletter.config.place import Findings, Node, Place
from newsletter.config.schema import SettingsFile
from newsletter.config.secret_files import (
    SECRET_NAME,
    located,
    pem,
    read_password,
    read_private_key,
    read_secret,
    secret,
)
from newsletter.models import DeliverSettings, DkimKey, Encryption, ImapSettings, InboxSettings, SmtpSettings

_Value = TypeVar("_Value")
_SMTP_PORTS = {Encryption.STARTTLS: 587, Encryption.TLS: 465, Encryption.NONE: 25}
_IMAP_PORTS = {Encryption.STARTTLS: 143, Encryption.TLS: 993, Encryption.NONE: 143}


@dataclass(slots=True)
class Secrets:
    """Reads the secrets that settings name; one that cannot be had is a problem for who sends, else a warning.

    `folder` is that of the first file. `files` are those that were read, or were to be.
    """

    root: Node
    folder: Path
    findings: Findings
    sending: bool
    files: list[Path] = field(default_factory=list)

    @property
    def note(self) -> Callable[[Place, str], None]:
        """Return what notes a secret that cannot be had."""
        return self.findings.problem if self.sending else self.findings.warning

    def password(self, *location: str | int, name: str = "password", needed: bool = True) -> str | None:
        """Return a password or a key, empty where none is asked for, None where it cannot be had, `needed` or not."""
        file, inline = self._written((*location, name))
        if file:
            note = self.note if needed else self.findings.warning
            return read_password(file, self.findings, note=note, key=self._named((*location, f"{name}_file")))
        return str(inline.value) if inline else ""

    def private_key(self, *location: str | int) -> str | None:
        """Return a key of DKIM in PEM, None where it cannot be had."""
        file, inline = self._written((*location, "private_key"))
        if file:
            return read_private_key(file, note=self.note, key=self._named((*location, "private_key_file")))
        return self._checked(inline, (*location, "private_key"), pem)

    def secret(self) -> tuple[bytes, Path | None]:
        """Return what tokens in addresses are made with, and where it is to be made if there is none yet."""
        location = ("inbox", "secret")
        file, inline = self._written(location)
        if inline:
            return self._checked(inline, location, secret) or b"", None
        path = self.folder / SECRET_NAME
        key, place, written = SECRET_NAME, self.root.keys["inbox"], str(path)
        if file:
            path = located(file.place.file.path.parent, str(file.value))
            key, place, written = "inbox.secret_file", file.place, file.written
        elif (section := self.root.child("inbox")) and {"secret", "secret_file"} & section.keys.keys():  # told already
            return b"", None
        else:
            self.files.append(path)
            if not path.exists():
                return b"", path
        return read_secret(path, place, note=self.note, key=key, written=written) or b"", None

    def _written(self, location: Location) -> tuple[Node | None, Node | None]:
        """Return the nodes of the file of a secret and of the secret itself; one of them at most is not None."""
        *above, name = location
        file, inline = self.root.find(*above, f"{name}_file"), self.root.find(*location)
        if inline and inline.value == "":
            self.findings.problem(inline.place, f"{self._named(location)} is empty; if it is a variable, set it")
        if inline or not file or file.broken:
            return None, inline
        self.files.append(located(file.place.file.path.parent, str(file.value)))
        return file, None

    def _checked(self, node: Node | None, location: Location, check: Callable[[str], _Value]) -> _Value | None:
        if node is None or node.broken or not node.value:
            return None
        try:
            return check(str(node.value))
        except ValueError as error:
            self.findings.problem(node.place, f"{self._named(location)} {error}")
        return None

    def _named(self, location: Location) -> str:
        return subject(self.root, location)


def smtp(section: SmtpSection, password: str, folder: Path) -> SmtpSettings:
    """Return the server that takes the mail."""
    return SmtpSettings(
        host=section.host,
        port=section.port or _SMTP_PORTS[section.encryption],
        encryption=section.encryption,
        username=section.username or "",
        password=password,
        token_command=_command(section.token_command, folder),
        timeout_seconds=section.timeout_seconds,
        connections=section.connections,
        max_per_minute=section.max_per_minute or 0,
    )


def deliver(settings: SettingsFile, root: Node, folder: Path, findings: Findings) -> DeliverSettings:
    """Return how emails leave, after a warning where a server is named that none goes to."""
    section = settings.deliver
    node = root.child("deliver")
    way = way_out(root)
    if node and way and "smtp" in root.keys:
        findings.warning(node.keys[way], f"deliver.{way} takes the place of smtp: nothing is sent to the mail server")
    return DeliverSettings(
        on_unknown=section.on_unknown,
        maildir=_path(section.maildir, folder),
        file=_path(section.file, folder),
        sendmail=_command(section.sendmail, folder),
    )


def way_out(root: Node) -> str:
    """Return the key of `deliver` that takes the place of the mail server, "" where none does."""
    node = root.child("deliver")
    return next((key for key in WAYS_OUT if node and node.child(key)), "")


def dkim_key(section: DkimSection, private_key: str) -> DkimKey:
    """Return what emails are signed with."""
    return DkimKey(section.domain, section.selector, private_key)


def check_alignment(settings: SettingsFile, root: Node, findings: Findings) -> None:
    """Warn where no key signs for the sender's own organisation: for DMARC such a signature says nothing."""
    sender = settings.newsletter.from_.address.rpartition("@")[2]
    if settings.dkim and not any(aligned(key.domain, sender) for key in settings.dkim):
        node = root.find("dkim", 0, "domain")
        told = f"is not of the sender's domain {shown(sender)}: DMARC does not count it; sign as that domain"
        if node:
            findings.warning(node.place, f"dkim.domain {shown(node.written)} {told}")


def inbox(
    settings: SettingsFile, password: str | None, root: Node, folder: Path, findings: Findings
) -> InboxSettings | None:
    """Return the mailbox, None where it cannot be read from here for want of its password."""
    section = settings.inbox
    if section is None or password is None or not (section.maildir or section.imap):
        return None
    maildir = _path(section.maildir, folder)
    node = root.find("inbox", "maildir")
    if maildir and node and not Path(maildir).is_dir():
        findings.warning(node.place, f"inbox.maildir: there is no folder {shown(node.written)} yet")
    imap = _imap(section.imap, password, folder) if section.imap else None
    return InboxSettings(inbox_address(settings), maildir=maildir, imap=imap, plus=section.plus)


def inbox_address(settings: SettingsFile) -> str:
    """Return the address that reaches the mailbox, "" where there is none."""
    section, sender = settings.inbox, settings.newsletter
    return (section.address or sender.reply_to or sender.from_.address) if section else ""


def _imap(section: ImapSection, password: str, folder: Path) -> ImapSettings:
    return ImapSettings(
        host=section.host,
        port=section.port or _IMAP_PORTS[section.encryption],
        encryption=section.encryption,
        username=section.username,
        password=password,
        token_command=_command(section.token_command, folder),
        folder=section.folder,
        timeout_seconds=section.timeout_seconds,
    )


def _path(written: str | None, folder: Path) -> str:
    return str(located(folder, written)) if written else ""


def _command(words: tuple[str, ...] | None, folder: Path) -> tuple[str, ...]:
    """Return a command that can be run from anywhere: a program that is named by its path is one beside the YAML."""
    if not words:
        return ()
    program, *rest = words
    return (str(located(folder, program)) if "/" in program else program, *rest)
