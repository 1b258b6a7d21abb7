"""Mail that comes back: what each is, and that none of it can be made to mean something else."""

from __future__ import annotations

import base64
from email.message import EmailMessage
from pathlib import Path
from unicodedata import category

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from newsletter.replies import NOT_ARRIVED, Reply, ReplyKind, read
from newsletter.replies.parts import LONGEST, parse
from newsletter.replies.reports import kind_of_status, status_in
from newsletter.replies.wishes import asks_to_leave, leaving, votes_in
from newsletter.tokens import leave_token, reader_key

MAILS = Path(__file__).parent / "data" / "replies"
TOKEN = leave_token(b"a secret of thirty-two characters", "ada@example.org")
MESSAGE_ID = f"<i20261120.s{reader_key('ada@example.org')}.0123456789abcdef@example.org>"

UNSUBSCRIBE, VOTE, AUTOMATIC, OTHER = ReplyKind.UNSUBSCRIBE, ReplyKind.VOTE, ReplyKind.AUTOMATIC, ReplyKind.OTHER
BOUNCE, SOFT, REFUSAL, DELAY = ReplyKind.BOUNCE, ReplyKind.SOFT_BOUNCE, ReplyKind.REFUSAL, ReplyKind.DELAY
COMPLAINT = ReplyKind.COMPLAINT


def saved(name: str) -> Reply:
    """Return what a saved mail is, with the token of ada@example.org in it."""
    return read((MAILS / f"{name}.eml").read_bytes().replace(b"TOKEN", TOKEN.encode()))


def written(text: str, *, subject: str = "Re: 12 papers", kind: str = "plain", **fields: str) -> bytes:
    """Return a mail from ada@example.org."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "Ada <ada@example.org>", "papers@example.org", subject
    for name, value in fields.items():
        message[name.replace("_", "-")] = value
    message.set_content(text, subtype=kind)
    return message.as_bytes()


# ------------------------------------------------------------------ what it is


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("bounce-postfix", BOUNCE),
        ("bounce-exchange", BOUNCE),
        ("bounce-verp-only", BOUNCE),
        ("bounce-envelope-id", BOUNCE),
        ("bounce-vague", BOUNCE),
        ("bounce-exim", BOUNCE),
        ("bounce-qmail", BOUNCE),
        ("bounce-forwarded", BOUNCE),
        ("bounce-full", SOFT),
        ("bounce-expired", SOFT),
        ("refusal-policy", REFUSAL),
        ("delay-postfix", DELAY),
        ("receipt-delivered", AUTOMATIC),
        ("receipt-read", AUTOMATIC),
        ("complaint-arf", COMPLAINT),
        ("complaint-redacted", COMPLAINT),
        ("complaint-empty", COMPLAINT),
        ("feedback-not-spam", AUTOMATIC),
        ("feedback-auth-failure", OTHER),
        ("vacation-exchange", AUTOMATIC),
        ("vacation-subject", AUTOMATIC),
        ("vacation-bulk", AUTOMATIC),
        ("leave-link", UNSUBSCRIBE),
        ("leave-program", UNSUBSCRIBE),
        ("leave-gmail", UNSUBSCRIBE),
        ("leave-outlook", UNSUBSCRIBE),
        ("leave-german", UNSUBSCRIBE),
        ("leave-french", UNSUBSCRIBE),
        ("leave-chinese", UNSUBSCRIBE),
        ("vote-link", VOTE),
        ("vote-numbers", VOTE),
        ("vote-html", VOTE),
        ("answer-quote-only", OTHER),
        ("answer-question", OTHER),
        ("answer-forwarded", OTHER),
        ("foreign-list", AUTOMATIC),
    ],
)
def test_a_mail_is_what_it_is(name: str, kind: ReplyKind) -> None:
    """As mail programs and servers write it."""
    assert saved(name).kind is kind


def test_every_saved_mail_is_tested() -> None:
    """None lies there for nothing."""
    mark = next(mark for mark in test_a_mail_is_what_it_is.pytestmark if mark.name == "parametrize")  # type: ignore[attr-defined]
    tested = {name for name, _ in mark.args[1]} | {"bounce-of-a-stranger", "bounce-without-ours"}

    assert tested == {path.stem for path in MAILS.glob("*.eml")}


# ------------------------------------------------------------------ bounces


@pytest.mark.parametrize(
    ("name", "status", "detail"),
    [
        ("bounce-postfix", "5.1.1", "550 5.1.1 <ada@example.org>: no mailbox of that name here"),
        ("bounce-exchange", "5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found by SMTP address lookup"),
        ("bounce-vague", "5.1.1", "550-5.1.1 There is no such account"),
        ("bounce-exim", "5.1.1", "550 5.1.1 no such person"),
        ("bounce-qmail", "5.1.1", "550 sorry, no mailbox here by that name (#5.1.1)"),
        ("bounce-full", "5.2.2", "552 5.2.2 the mailbox of this user is over its limit"),
        ("bounce-expired", "4.4.7", "4.4.7 delivery time expired"),
    ],
)
def test_a_bounce_tells_which_email_whose_and_why(name: str, status: str, detail: str) -> None:
    """By the Message-ID it returns, whoever's form it has."""
    reply = saved(name)

    assert (reply.status, reply.detail) == (status, detail)
    assert reply.answered == (MESSAGE_ID,)
    assert reply.recipients == ("ada@example.org",)


def test_a_bounce_that_returns_nothing_tells_by_its_address() -> None:
    """Where it was sent to, in whichever field the last server wrote that."""
    reply = saved("bounce-verp-only")

    assert reply.answered == ()
    assert reply.addressed == ("papers+BOUNCE@example.org",)


def test_a_bounce_may_tell_by_the_envelope_id() -> None:
    """ENVID as we sent it (RFC 3461), `+XX` decoded."""
    assert saved("bounce-envelope-id").answered == (MESSAGE_ID,)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("5.1.1", BOUNCE),
        ("5.1.2", BOUNCE),
        ("5.1.3", BOUNCE),
        ("5.1.6", BOUNCE),
        ("5.1.10", BOUNCE),
        ("5.2.2", SOFT),
        ("5.2.1", SOFT),
        ("5.4.1", SOFT),
        ("5.0.0", SOFT),
        ("4.2.2", SOFT),
        ("4.7.0", SOFT),
        ("5.7.1", REFUSAL),
        ("5.7.26", REFUSAL),
        ("5.3.4", REFUSAL),
        ("5.6.0", REFUSAL),
        ("5.1.8", REFUSAL),
    ],
)
def test_only_a_dead_address_is_dead(status: str, kind: ReplyKind) -> None:
    """A full mailbox may be emptied, and a policy is not the reader's doing."""
    assert kind_of_status(status) is kind


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("550 5.1.1 unknown", "5.1.1"),
        ("550-5.1.10 unknown", "5.1.10"),
        ("550 no such user", "5.0.0"),
        ("452 too many", "4.0.0"),
        ("no mailbox (#5.1.1)", "5.1.1"),
        ("host 5.1.1.7 said nothing", ""),
        ("192.0.2.550 said nothing", ""),
        ("", ""),
    ],
)
def test_the_status_is_found_in_what_a_server_said(said: str, status: str) -> None:
    """And an IP address is none."""
    assert status_in(said) == status


def test_of_several_recipients_the_worst_counts() -> None:
    """One of them is dead."""
    blocks = "".join(
        f"Final-Recipient: rfc822;{who}@example.org\nAction: {action}\nStatus: {status}\n\n"
        for who, action, status in (("a", "delivered", "2.0.0"), ("b", "failed", "5.2.2"), ("c", "failed", "5.1.1"))
    )
    text = (MAILS / "bounce-postfix.eml").read_text(encoding="utf-8")
    start, end = text.index("Final-Recipient"), text.index("--=_report\nContent-Type: text/rfc822-headers")

    reply = read((text[:start] + blocks + text[end:]).encode())

    assert (reply.kind, reply.recipients) == (BOUNCE, ("c@example.org",))


def test_a_status_of_success_is_no_bounce() -> None:
    """Whatever the action is called."""
    message = (MAILS / "receipt-delivered.eml").read_bytes()

    assert read(message.replace(b"Action: delivered", b"Action: done")).kind is AUTOMATIC


def test_a_forwarded_bounce_is_none() -> None:
    """Somebody attached one to a mail of their own: it is theirs to explain."""
    message = EmailMessage()
    message["From"], message["Subject"] = "ada@example.org", "look at this"
    message.set_content("What is this?")
    message.add_attachment((MAILS / "bounce-postfix.eml").read_bytes(), maintype="application", subtype="octet-stream")
    inner = (MAILS / "bounce-postfix.eml").read_text(encoding="utf-8")
    nested = f"From: ada@example.org\nSubject: look\nContent-Type: message/rfc822\n\n{inner}"

    assert read(message.as_bytes()).kind is OTHER
    assert read(nested.encode()).kind is OTHER


def test_what_a_person_writes_of_bounces_is_no_bounce() -> None:
    """The phrases are looked for in mail of servers only."""
    text = "Hi. This is the qmail-send program at home.\n\n<ada@example.org>:\nno mailbox here (#5.1.1)\n"

    assert read(written(text)).kind is OTHER
    assert read(written(text, Return_Path="<>")).kind in NOT_ARRIVED


# ------------------------------------------------------------------ complaints


def test_a_complaint_tells_whose_by_what_it_returns() -> None:
    """The Message-ID, the token in List-Unsubscribe, the recipient: as much as the provider left."""
    whole, redacted, empty = (saved(f"complaint-{name}") for name in ("arf", "redacted", "empty"))

    assert (whole.answered, whole.token, whole.recipients) == ((MESSAGE_ID,), TOKEN, ("ada@example.org",))
    assert (redacted.token, redacted.recipients) == (TOKEN, ())
    assert (empty.token, empty.answered, empty.recipients) == ("", (), ("ada@example.org",))
    assert whole.detail == "abuse by ExampleLoop/1.0"


# ------------------------------------------------------------------ automatic


@pytest.mark.parametrize(
    "fields",
    [
        {"Auto_Submitted": "auto-replied (vacation)"},
        {"Auto_Submitted": "auto-generated; owner=ada"},
        {"X_Autoreply": "yes"},
        {"X_Autorespond": "holiday"},
        {"Precedence": "auto_reply"},
        {"Precedence": "bulk"},
        {"Return_Path": "<>"},
    ],
)
def test_an_automatic_answer_asks_for_nothing(fields: dict[str, str]) -> None:
    """Whatever words it holds: no vote, nobody unsubscribed."""
    assert read(written("unsubscribe\n", **fields)).kind is AUTOMATIC
    assert read(written("more 3\n", **fields)).kind is AUTOMATIC
    assert read(written("", subject="unsubscribe", **fields)).kind is AUTOMATIC


def test_an_answer_by_a_program_does_not_leave_even_with_a_token() -> None:
    """It may quote the subject; a mail program that leaves for its reader does not answer."""
    link = {"subject": f"unsubscribe {TOKEN}"}

    assert read(written("", Auto_Submitted="auto-replied", **link)).kind is AUTOMATIC
    assert read(written("", Auto_Submitted="auto-generated", **link)).kind is UNSUBSCRIBE
    assert read(written("", Auto_Submitted="no", **link)).kind is UNSUBSCRIBE


@pytest.mark.parametrize(
    "subject",
    [
        "Out of Office: 12 papers",
        "Automatic reply: 12 papers",
        "Automatische Antwort: 12 Artikel",
        "Abwesenheitsnotiz",
        "Réponse automatique : 12 articles",
        "自动回复：12 篇论文",
    ],
)
def test_a_vacation_note_is_known_by_its_subject(subject: str) -> None:
    """Some programs say it nowhere else."""
    assert read(written("stop", subject=subject)).kind is AUTOMATIC


# ------------------------------------------------------------------ to leave


@pytest.mark.parametrize(
    "line",
    [
        "unsubscribe",
        "Unsubscribe me, please.",
        "UNSUBSCRIBE!",
        "*unsubscribe*",
        "Please remove me from your mailing list. Thank you",
        "I would like to unsubscribe from this newsletter",
        "Could you please take me off this list",
        "stop",
        "Stop these emails!",
        "opt out",
        "cancel my subscription",
        "abmelden",
        "Bitte abmelden, danke",
        "Ich möchte mich abmelden.",
        "Newsletter abbestellen",
        "Bitte tragen Sie mich aus",
        "désinscription",
        "Je souhaite me désinscrire de la liste, merci",
        "Desinscrivez-moi svp",
        "Veuillez me désabonner",
        "退订",
        "请取消订阅，谢谢",
        "我要退订",
        "退訂",
    ],
)
def test_a_line_that_asks_to_leave(line: str) -> None:
    """In the languages of the newsletter, however politely: in the subject and in the body."""
    assert asks_to_leave(line)
    assert read(written("", subject=line)).kind is UNSUBSCRIBE
    assert read(written(f"Hello,\n\n{line}\n\nAda\n")).kind is UNSUBSCRIBE


@pytest.mark.parametrize(
    "line",
    [
        "How do I unsubscribe?",
        "Do not unsubscribe me",
        "Please don't stop these emails",
        "unsubscribe me from trending only",
        "I nearly unsubscribed, but number 3 was good",
        "Unsubscribe dynamics in newsletters",
        "remove the second paper",
        "Bitte nicht abmelden",
        "Wie kann ich mich abmelden?",
        "Ne pas me désinscrire",
        "不要退订",
        "怎么退订？",
        "",
    ],
)
def test_a_line_that_does_not(line: str) -> None:
    """What says more, or less, is for a person."""
    assert not asks_to_leave(line)
    assert read(written(line + "\n")).kind is OTHER
    assert read(written("", subject=line or "hello")).kind is OTHER


def test_the_subject_of_our_link_names_the_token_or_the_address() -> None:
    """With what servers put before it; not in what was passed on."""
    assert leaving(f"unsubscribe {TOKEN}") == (True, TOKEN, "")
    assert leaving(f"[EXTERNAL] [list] Unsubscribe {TOKEN}") == (True, TOKEN, "")
    assert leaving("unsubscribe ada@example.org") == (True, "", "ada@example.org")
    assert leaving(f"Fwd: unsubscribe {TOKEN}") == (False, "", "")
    assert leaving(f"unsubscribe {TOKEN} now") == (False, "", "")


@pytest.mark.parametrize("subject", [f"Re: unsubscribe {TOKEN}", "Re: unsubscribe", "AW: abmelden", "Re: more 3"])
def test_a_conversation_about_a_wish_is_not_the_wish(subject: str) -> None:
    """Who was brought back and says thanks does not leave again; what they write counts as ever."""
    assert read(written("Thank you, all is well now.\n", subject=subject)).kind is OTHER
    assert read(written("unsubscribe\n", subject=subject)).kind is UNSUBSCRIBE


def test_the_address_of_our_link_carries_the_token() -> None:
    """Whatever the subject became on the way."""
    reply = saved("leave-program")

    assert (reply.kind, reply.token) == (UNSUBSCRIBE, TOKEN)
    assert read(written("", subject="", Delivered_To=f"papers+u.{TOKEN.lower()}@example.org")).token == TOKEN.lower()


QUOTES = (
    "On Fri, 20 Nov 2026 at 08:00, Daily Papers <papers@example.org> wrote:\n> unsubscribe\n",
    "On Friday the 20th of November, Daily Papers\n<papers@example.org> wrote:\n\nunsubscribe\n",
    "Am 20.11.2026 um 08:00 schrieb Daily Papers:\nunsubscribe\n",
    "Le ven. 20 nov. 2026 à 08:00, Daily Papers a écrit :\nunsubscribe\n",
    "在 2026年11月20日，Daily Papers <papers@example.org> 写道：\nunsubscribe\n",
    "-----Original Message-----\nunsubscribe\n",
    "-----Ursprüngliche Nachricht-----\nVon: Daily Papers\n\nunsubscribe\n",
    "________________________________\nFrom: Daily Papers\nSent: Friday\n\nunsubscribe\n",
    "De : Daily Papers\nEnvoyé : vendredi\n\nunsubscribe\n",
    "发件人: Daily Papers\n\nunsubscribe\n",
    "> unsubscribe\n",
    "> To leave, write\nunsubscribe\n",  # a quote that was wrapped again
    "-- \nunsubscribe\n",
)


@pytest.mark.parametrize("quote", QUOTES)
def test_what_is_quoted_is_nobodys_wish(quote: str) -> None:
    """Our own footer says "unsubscribe"; neither alone nor below an answer does it count."""
    assert read(written(quote)).kind is OTHER
    assert read(written("Thank you for number one.\n\n" + quote)).kind is OTHER


@pytest.mark.parametrize("quote", QUOTES)
def test_what_stands_above_the_quote_counts(quote: str) -> None:
    """As most people answer."""
    assert read(written("Unsubscribe please\n\n" + quote)).kind is UNSUBSCRIBE


def test_what_stands_below_a_marked_quote_counts_too() -> None:
    """As people answer who were on Usenet: below the last `>` and a blank line."""
    quote = "On Friday 20 November, Daily Papers wrote:\n> 12 papers\n> Unsubscribe:\n>   mailto:\n"

    assert read(written(quote + "\nunsubscribe me please\n")).kind is UNSUBSCRIBE
    assert read(written(quote + "\nmore 3\n")).votes[0].number == 3
    assert read(written(quote + "unsubscribe\n")).kind is OTHER
    wrapped = quote.replace("November, Daily", "November,\nDaily")
    assert read(written(wrapped + "\nunsubscribe\n")).kind is UNSUBSCRIBE
    assert read(written("-----Original Message-----\n" + quote + "\nunsubscribe\n")).kind is OTHER


@pytest.mark.parametrize(
    "html",
    [
        "<p>Thanks!</p><blockquote>unsubscribe</blockquote>",
        "<blockquote><p>unsubscribe</p></blockquote>",
        '<div>Thanks!</div><div class="gmail_quote">unsubscribe</div>',
        '<div class="gmail_quote">unsubscribe</div>',
        '<p>Thanks!</p><div id="appendonsend"></div><p>unsubscribe</p>',
        "<!-- unsubscribe --><style>unsubscribe</style><title>unsubscribe</title>",
        '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"></div>unsubscribe',
        "<script>unsubscribe</script>",
    ],
)
def test_html_that_only_quotes(html: str) -> None:
    """Each program marks a quote in its own way."""
    assert read(written(html, kind="html")).kind is OTHER


@pytest.mark.parametrize(
    "html",
    [
        "<html><head><title>x</title></head><body><div>Unsubscribe&nbsp;me</div></body></html>",
        "<p>Hi,</p><p>please <b>un</b>subscribe</p><blockquote>Thanks!</blockquote>",
        "<blockquote><p>12 papers</p></blockquote><p>unsubscribe</p>",
        "<p>d&eacute;sinscription</p>",
    ],
)
def test_html_that_asks(html: str) -> None:
    """Tags and entities are no words."""
    assert read(written(html, kind="html")).kind is UNSUBSCRIBE


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "us-ascii", "no-such-thing", ""])
def test_a_wrong_charset_hides_no_wish(charset: str) -> None:
    """Latin-1 under any name, in base64."""
    body = base64.encodebytes("Ich möchte mich abmelden".encode("latin-1")).decode()
    declared = f'Content-Type: text/plain; charset="{charset}"\n' if charset else ""
    head = "From: ada@example.org\nSubject: Re: 12 Artikel\nContent-Transfer-Encoding: base64\n"

    assert read(f"{head}{declared}\n{body}".encode()).kind is UNSUBSCRIBE


def test_an_attachment_is_no_wish() -> None:
    """Only what the writer says, even where that is nothing."""
    for text in ("Good issue!\n", "\n"):
        message = EmailMessage()
        message["From"], message["Subject"] = "ada@example.org", "Re: 12 papers"
        message.set_content(text)
        message.add_attachment("unsubscribe\n", filename="note.txt")
        assert read(message.as_bytes()).kind is OTHER


# ------------------------------------------------------------------ votes


@pytest.mark.parametrize(
    ("line", "votes"),
    [
        ("more 3", [(3, 1)]),
        ("more 3, less 5", [(3, 1), (5, -1)]),
        ("More like #3 and 4.", [(3, 1), (4, 1)]),
        ("less: 12; more: 1", [(12, -1), (1, 1)]),
        ("mehr 3 und 4, weniger 5", [(3, 1), (4, 1), (5, -1)]),
        ("plus 1 et 2, moins 3", [(1, 1), (2, 1), (3, -1)]),
        ("更多 3，更少5", [(3, 1), (5, -1)]),
        ("more arxiv:2401.10020", [("arxiv:2401.10020", 1)]),
        ("less https://arxiv.org/abs/2401.10020v2", [("arxiv:2401.10020", -1)]),
        ("more 2401.10020", [("arxiv:2401.10020", 1)]),
        ("more openreview:AbC_d1", [("openreview:AbC_d1", 1)]),
        ("more doi:10.1101/2026.01.02.123456", [("doi:10.1101/2026.01.02.123456", 1)]),
        ("more 3 less 3", [(3, 1), (3, -1)]),
    ],
)
def test_a_line_of_votes(line: str, votes: list[tuple[object, int]]) -> None:
    """Numbers of the issue, or what a paper is called."""
    assert [(vote.paper or vote.number, vote.value) for vote in votes_in(line)] == votes
    assert read(written(line + "\n\nAda\n")).kind is VOTE


@pytest.mark.parametrize(
    "line",
    ["more", "3", "more than 3", "less is more 3", "I want more 3", "more 0", "more 1234", "more -3", "moreover 3"],
)
def test_a_line_that_is_no_vote(line: str) -> None:
    """It says something else besides."""
    assert votes_in(line) == ()


def test_votes_stand_on_the_first_lines() -> None:
    """Until one that is none; a leave before them wins."""
    assert [vote.number for vote in read(written("more 1\nless 2\nGreat!\nmore 3\n")).votes] == [1, 2]
    assert read(written("Great!\nmore 3\n")).kind is OTHER
    assert read(written("unsubscribe\nmore 3\n")).kind is UNSUBSCRIBE


def test_a_mail_has_so_many_votes_and_no_more() -> None:
    """Fifty are more papers than an issue has."""
    assert len(read(written("more " + ", ".join(map(str, range(1, 200))) + "\n" + "less 1\n" * 100)).votes) == 50


# ------------------------------------------------------------------ who


@pytest.mark.parametrize(
    ("value", "sender"),
    [
        ("Ada <ada@example.org>", "ada@example.org"),
        ("ada@example.org (Ada)", "ada@example.org"),
        ('"ada@example.org" <eve@example.net>', "eve@example.net"),
        ("ada@example.org <eve@example.net>", "eve@example.net"),
        ("=?utf-8?q?ada=40example=2Eorg?= <eve@example.net>", "eve@example.net"),
        ('"<ada@example.org>" <eve@example.net>', "eve@example.net"),
        ("eve@example.net (for ada@example.org)", "eve@example.net"),
        ("ada@example.org, eve@example.net", ""),
        ("<ada@example.org> <eve@example.net>", ""),
        ("nobody", ""),
        ("<ada@example.org", "ada@example.org"),
    ],
)
def test_who_writes(value: str, sender: str) -> None:
    """The one address; nobody where there are two, or a name that looks like one."""
    assert read(f"From: {value}\nSubject: x\n\nx".encode()).sender == sender


def test_of_two_from_fields_none_is_believed() -> None:
    """No program writes two (RFC 5322 §3.6)."""
    assert read(b"From: ada@example.org\nFrom: eve@example.net\n\nunsubscribe\n").sender == ""


# ------------------------------------------------------------------ hostile

HEAD = b"From: ada@example.org\nTo: papers@example.org\nSubject: hello\n"


def parts(boundary: bytes, part: bytes, count: int) -> bytes:
    """Return a multipart of so many parts."""
    return b"Content-Type: multipart/mixed; boundary=%s\n\n" % boundary + (b"--%s\n%s" % (boundary, part)) * count


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\0" * 1000,
        b"hello there",
        b"\r\n\r\n\r\n",
        HEAD + parts(b"b", b"Content-Type: text/plain\n\nx\n", 10_000),
        HEAD + parts(b"b", b"\n\nx\n", 10_000),
        b"".join(b"Subject: %d\nContent-Type: message/rfc822\n\n" % each for each in range(100)) + b"unsubscribe\n",
        b"".join(b"Subject: %d\nContent-Type: message/rfc822\n\n" % each for each in range(40)) + b"unsubscribe\n",
        b"".join(parts(b"b%d" % each, b"", 1) + b"--b%d\n" % each for each in range(300)) + b"\nunsubscribe\n",
        HEAD + b'Content-Type: text/plain; x="' + b'";' * 400_000 + b'"\n\nhello\n',
        HEAD + b"X: y\n" * 20_000 + b"\nhello\n",
        b"From: " + b"(" * 500_000 + b"\n\nhello\n",
        b"Date: " + b"1" * 500_000 + b"\n\nhello\n",
        HEAD + b"Content-Type: text/html\n\n" + b"<!--" * 200_000,
        HEAD + b"Content-Type: text/html\n\n" + b"<blockquote>" * 50_000 + b"unsubscribe",
        HEAD + b"Content-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: base64\n\nhello",
        HEAD + b"Content-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/feedback-report\n\n",
        b"Return-Path: <>\nSubject: failure\n\n" + b"<ada@example.org>:\n" * 50_000,
        b"Content-Type: text/plain; charset*0*=x'';charset*1=%00\n\nhello",
    ],
    ids=map(str, range(19)),
)
def test_hostile_mail_is_for_a_person(message: bytes) -> None:
    """Nothing is raised, and nothing is taken for a wish."""
    assert read(message).kind in {OTHER, AUTOMATIC}


@pytest.mark.parametrize(
    "message",
    [
        b"Subject: x\n" + b"".join(parts(b"b%d" % each, b"", 1) + b"--b%d\n" % each for each in range(60)),
        b"Subject: x\n" + b"".join(b"Content-Type: message/rfc822\n\n" for _ in range(60)),
        b'Subject: x\nContent-Type: multipart/mixed; boundary=b; x="' + b'";' * 2_500 + b'"\n\n--b\n\nx\n--b--\n',
    ],
    ids=["multiparts", "messages", "parameters"],
)
def test_what_the_parser_is_slow_at_is_not_parsed(message: bytes) -> None:
    """It takes lines times depth, and the square of a parameter: of such a mail the header is read."""
    parsed = parse(message)

    assert (parsed["Subject"], parsed.is_multipart(), parsed.get_payload()) == ("x", False, "")


def test_only_the_beginning_of_a_large_mail_is_read() -> None:
    """Of fifty megabytes one; what a person asks for stands there."""
    attached = HEAD + b"\nunsubscribe\n\n" + b"x" * 76 * 600_000

    assert len(attached) > 40 * LONGEST
    assert read(attached).kind is UNSUBSCRIBE


def test_a_header_stays_one_line() -> None:
    """An encoded line break ends nothing: neither in what is shown nor in what is asked for."""
    reply = read(b"From: ada@example.org\nSubject: =?utf-8?q?hello=0D=0ABcc:_eve=40example.net=00=1B[2J?=\n\nx\x07\n")

    assert reply.subject == "hello Bcc: eve@example.net[2J"
    assert reply.detail == "x"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=2_000))
def test_no_bytes_break_it(message: bytes) -> None:
    """Whatever comes."""
    assert isinstance(read(message), Reply)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_damage_breaks_it(data: st.DataObject) -> None:
    """Real mails with a piece cut out, doubled or overwritten: texts stay on one line."""
    message = (MAILS / data.draw(st.sampled_from(sorted(path.name for path in MAILS.glob("*.eml"))))).read_bytes()
    start = data.draw(st.integers(0, len(message)))
    end = data.draw(st.integers(start, len(message)))
    instead = data.draw(
        st.sampled_from([b"", b"\n", b"\0", b"\xff\xfe", message[start:end] * 2, b"--=_report\n", b": "])
    )

    reply = read(message[:start] + instead + message[end:])

    texts = (reply.detail, reply.subject, *reply.recipients, *reply.addressed, *reply.answered, reply.sender)
    assert not any(category(character) in {"Cc", "Cs", "Zl", "Zp"} for text in texts for character in text)
