"""Each slip in `subscribers.yaml` → its line, its column, its words."""

from __future__ import annotations

from pathlib import Path

import pytest
from settings_files import ADA, HEAD, problems

from newsletter.sources import KINDS

WHO = "subscriber ada@example.org"
INTEREST_AT = "subscribers.yaml:6:17: " + WHO + ": interest "
NO_PAPER = 'is no paper; write "arxiv:2401.10020", "doi:10.1145/3586037", "pmid:31452104", or its address there'
NUMBER = 'is a number to YAML; a paper is written in quotes, with its kind: "arxiv:2401.10020"'

TOP = {
    "tldr_url": (
        "tldr: {url: 'ftp://x', model: m}\n",
        "4:13: tldr.url must be a web address without user name or query",
    ),
    "tldr_user": ("tldr: {url: 'http://a:b@x/v1', model: m}\n", "tldr.url must be a web address without user name"),
    "tldr_query": ("tldr: {url: 'http://x/v1?key=1', model: m}\n", "tldr.url must be a web address without user name"),
    "tldr_model": ("tldr: {url: 'http://x/v1'}\n", "tldr: missing key 'model'"),
    "tldr_two_keys": (
        "tldr: {url: 'http://x/v1', model: m, api_key: k, api_key_file: f}\n",
        "4:50: tldr has both 'api_key' and 'api_key_file'; keep one of them",
    ),
    "tldr_empty_key": ("tldr: {url: 'http://x/v1', model: m, api_key: ''}\n", "tldr.api_key is empty"),
    "tldr_papers": ("tldr: {url: 'http://x/v1', model: m, max_papers: 0}\n", "tldr.max_papers must be at least 1"),
    "test_recipients": (
        "preview: {test_recipients: [ada@example.org, grace]}\n",
        "4:46: preview.test_recipients 'grace' is no email address: the @ is missing",
    ),
    "test_recipients_line": ('preview: {test_recipients: ["a@example.org\\nb"]}\n', "holds a space or a line break"),
    "test_recipients_text": (
        "preview: {test_recipients: ada@example.org}\n",
        "4:28: preview.test_recipients must be a list: [one, two]",
    ),
    "test_recipients_key": (
        "preview: {test_recipient: [ada@example.org]}\n",
        "4:11: preview: unknown key 'test_recipient'; did you mean 'test_recipients'?",
    ),
    "preview_key": ("previews: {}\n", "4:1: unknown key 'previews'; did you mean 'preview'?"),
    "unknown_key": ("foo: 1\n", "4:1: unknown key 'foo'; known: newsletter, sources,"),
    "near_key": ("scedule: {}\n", "4:1: unknown key 'scedule'; did you mean 'schedule'?"),
    "empty_value": ("schedule:\n", "4:1: schedule is empty; give it a value or leave it out"),
    "text_for_a_section": ("issue: none\n", "4:8: issue must hold keys and their values"),
    "list_for_a_section": ("issue: [1]\n", "4:8: issue must hold keys and their values"),
    "zone": (
        "schedule: {timezone: Paris}\n",
        "4:22: schedule.timezone 'Paris' is no time zone; did you mean 'Europe/Paris'?",
    ),
    "zone_spelling": ("schedule: {timezone: Europe/Pariss}\n", "did you mean 'Europe/Paris'?"),
    "zone_folder": ("schedule: {timezone: America}\n", "4:22: schedule.timezone 'America' is no time zone"),
    "zone_path": ("schedule: {timezone: ../../etc/passwd}\n", "is no time zone"),
    "zone_sign": ("schedule: {timezone: GMT+2}\n", "'GMT+2' is no time zone"),
    "days_name": ("schedule: {days: [monday]}\n", "4:18: schedule.days is no list of days: write 'mon' for 'monday'"),
    "days_empty": ("schedule: {days: []}\n", "4:18: schedule.days must be a list of days, such as [mon, wed, fri]"),
    "days_number": ("schedule: {days: [1]}\n", "is no list of days; the days are mon, tue, wed, thu, fri, sat, sun"),
    "time_late": (
        'schedule: {time: "25:00"}\n',
        "4:18: schedule.time '25:00' is no time of day; write it as \"07:30\"",
    ),
    "time_minutes": ('schedule: {time: "07:60"}\n', "'07:60' is no time of day"),
    "time_number": ("schedule: {time: 7}\n", "4:18: schedule.time '7' is no time of day"),
    "time_american": ("schedule: {time: 7 pm}\n", "'7 pm' is no time of day"),
    "abstract": ("issue: {abstract: short}\n", "4:19: issue.abstract 'short' must be 'summary', 'none', '2 sentences'"),
    "abstract_number": ("issue: {abstract: 2}\n", "issue.abstract '2' must be 'summary'"),
    "truth": ("issue: {send_when_empty: 7}\n", "4:26: issue.send_when_empty must be true or false"),
    "count_too_small": ("issue: {max_papers: 0}\n", "4:21: issue.max_papers must be at least 1"),
    "count_too_large": ("issue: {max_papers: 1000}\n", "4:21: issue.max_papers must be at most 100"),
    "count_truth": ("issue: {max_papers: true}\n", "4:21: issue.max_papers 'true' must be a number"),
    "count_text": ("issue: {max_papers: many}\n", "4:21: issue.max_papers must be a whole number"),
    "count_part": ("issue: {max_papers: 2.5}\n", "4:21: issue.max_papers must be a whole number"),
    "trending_too_many": ("issue: {trending: 11}\n", "4:19: issue.trending must be at most 10"),
    "trending_truth": ("defaults: {trending: true}\n", "4:22: defaults: trending 'true' must be a number"),
    "updates": ("defaults: {updates: 7}\n", "4:21: defaults: updates must be true or false"),
    "picks_text": ("picks: arxiv:2401.10020\n", "4:8: picks must be a list"),
    "pick_text": ('picks: ["arxiv:2401.10020"]\n', "4:9: pick 1 must hold keys and their values"),
    "pick_without_paper": ("picks: [{note: Read it}]\n", "4:9: pick 1: missing key 'paper'"),
    "pick_number": (
        "picks: [{paper: 2401.10020}]\n",
        "4:17: pick '2401.10020': paper is a number to YAML; write it in quotes, with its kind: \"arxiv:2401.10020\"",
    ),
    "pick_truth": ("picks: [{paper: true}]\n", "4:17: pick 'true': paper is no paper; write \"arxiv:2401.10020\""),
    "pick_title": (
        "picks: [{paper: Draft trees}]\n",
        '4:17: pick \'Draft trees\': paper is no paper; write "arxiv:2401.10020", "doi:10.1145/3586037"',
    ),
    "pick_address": ("picks: [{paper: https://example.org/1}]\n", "pick 'https://example.org/1': paper is no paper"),
    "pick_key": ('picks: [{paper: "arxiv:2401.10020", not: x}]\n', "unknown key 'not'; did you mean 'note'?"),
    "pick_note_long": (
        f'picks: [{{paper: "arxiv:2401.10020", note: {"word " * 60}}}]\n',
        "is too long (299 characters); at most 200",
    ),
    "pick_note_lines": (
        'picks: [{paper: "arxiv:2401.10020", note: "a\\nb"}]\n',
        "pick 'arxiv:2401.10020': note 'a?b' must be one line",
    ),
    "smtp_empty_password": ("smtp: {host: h, username: u, password: ''}\n", "4:40: smtp.password is empty; if it is"),
    "exclusion_at_length": (
        f"defaults: {{exclude: [{{name: survey, description: {'word ' * 500}}}]}}\n",
        "exclusion 'survey': description 'word word word word word word word word word word word word…' is too long",
    ),
    "control_character": ('defaults: {exclude: ["a\\x07b"]}\n', "exclusion 'a?b' holds a control character"),
    "store": ("store: newsletter.db\n", "4:8: store must be the address of a file, such as sqlite:///newsletter.db"),
    "store_postgres": (
        "store: postgres://db/papers\n",
        "4:8: store must begin with postgresql://, such as postgresql://papers:${DB_PASSWORD}@localhost/papers",
    ),
    "store_driver": ("store: postgresql+asyncpg://db/papers\n", "4:8: store must begin with postgresql://"),
    "store_no_name": ("store: postgresql://db\n", "4:8: store is no address of a database such as postgresql://"),
    "store_option": ("store: postgresql://db/p?password=x\n", "4:8: store is no address of a database"),
    "store_later_option": ("store: postgresql://db/p?sslmode=x&password=x\n", "4:8: store is no address of a database"),
    "templates": ("templates: nowhere\n", "4:12: templates: no such folder 'nowhere'"),
    "smtp_host": ("smtp: {}\n", "4:7: smtp: missing key 'host'"),
    "smtp_port": ("smtp: {host: h, port: 70000}\n", "4:23: smtp.port must be at most 65535"),
    "smtp_key": ("smtp: {host: h, prot: 25}\n", "4:17: smtp: unknown key 'prot'; did you mean 'port'?"),
    "smtp_encryption": (
        "smtp: {host: h, encryption: tsl}\n",
        "4:29: smtp.encryption must be 'tls', 'starttls' or 'none'; did you mean 'tls'?",
    ),
    "smtp_in_the_clear": (
        "smtp: {host: smtp.example.org, encryption: none}\n",
        "4:44: smtp.encryption 'none' is for a server",
    ),
    "smtp_no_password": (
        "smtp: {host: h, username: u}\n",
        "4:17: smtp: missing key 'password' (or 'password_file', or 'token_command') for this username",
    ),
    "smtp_no_username": ("smtp: {host: h, password: p}\n", "4:17: smtp: missing key 'username' for this password"),
    "smtp_two_passwords": (
        "smtp: {host: h, username: u, password: p, password_file: f}\n",
        "4:43: smtp has both 'password' and 'password_file'; keep one of them",
    ),
    "smtp_password_and_token": (
        "smtp: {host: h, username: u, password: p, token_command: t}\n",
        "4:43: smtp has both 'password' and 'token_command'; keep one of them",
    ),
    "smtp_three_passwords": (
        "smtp: {host: h, username: u, token_command: t, password: p, password_file: f}\n",
        "4:61: smtp has 'password', 'password_file' and 'token_command'; keep one of them",
    ),
    "smtp_token_no_username": (
        "smtp: {host: h, token_command: t}\n",
        "4:17: smtp: missing key 'username' for this token",
    ),
    "smtp_token_quote": (
        "smtp: {host: h, username: u, token_command: 'oama \"access'}\n",
        "4:45: smtp.token_command has a quote that is never closed",
    ),
    "smtp_token_blank": (
        "smtp: {host: h, username: u, token_command: ' '}\n",
        "4:45: smtp.token_command is empty",
    ),
    "smtp_token_number": (
        "smtp: {host: h, username: u, token_command: [oama, 5]}\n",
        "4:45: smtp.token_command must be a command, as text or as a list of texts",
    ),
    "smtp_connections": ("smtp: {host: h, connections: 65}\n", "4:30: smtp.connections must be at most 64"),
    "smtp_no_connections": ("smtp: {host: h, connections: 0}\n", "4:30: smtp.connections must be at least 1"),
    "smtp_rate": ("smtp: {host: h, max_per_minute: 0}\n", "4:33: smtp.max_per_minute must be at least 1"),
    "smtp_timeout": ("smtp: {host: h, timeout_seconds: 0}\n", "4:34: smtp.timeout_seconds must be greater than 0"),
    "deliver_unknown": (
        "deliver: {on_unknown: keep}\n",
        "4:23: deliver.on_unknown must be 'hold' or 'resend'",
    ),
    "deliver_two_ways": (
        "deliver: {sendmail: /usr/sbin/sendmail, maildir: out}\n",
        "4:11: deliver has both 'maildir' and 'sendmail'; keep one of them",
    ),
    "deliver_key": ("deliver: {mailbox: out}\n", "4:11: deliver: unknown key 'mailbox'"),
    "deliver_empty": ("deliver: {maildir: ''}\n", "4:20: deliver.maildir is empty"),
    "dkim_text": ("dkim: papers\n", "4:7: dkim must hold keys and their values"),
    "dkim_none": ("dkim: []\n", "4:7: dkim needs at least one item"),
    "dkim_no_key": (
        "dkim: {domain: example.org, selector: a}\n",
        "4:7: dkim: missing key 'private_key_file' or 'private_key'",
    ),
    "dkim_no_selector": (
        "dkim: {domain: example.org, private_key: '-----BEGIN X'}\n",
        "4:7: dkim: missing key 'selector'",
    ),
    "dkim_selector": (
        "dkim: {domain: example.org, selector: 'a b', private_key: '-----BEGIN X'}\n",
        "4:39: dkim.selector is no name of DNS: letters, digits and hyphens",
    ),
    "dkim_domain": (
        "dkim: {domain: papers@example.org, selector: a, private_key: '-----BEGIN X'}\n",
        "4:16: dkim.domain is no domain, such as example.org",
    ),
    "dkim_two_keys": (
        "dkim: {domain: example.org, selector: a, private_key: '-----BEGIN X', private_key_file: f}\n",
        "4:71: dkim has both 'private_key' and 'private_key_file'; keep one of them",
    ),
    "dkim_no_pem": (
        "dkim: {domain: example.org, selector: a, private_key: hunter2}\n",
        "4:55: dkim.private_key holds no key in PEM; `newsletter dkim key` makes one",
    ),
    "dkim_twice": (
        "dkim:\n- {domain: example.org, selector: a, private_key: &key -----BEGIN X}\n"  # noqa: ISC004 - two lines
        "- {domain: Example.org, selector: A, private_key: *key}\n",
        "6:35: dkim.selector stands already in line 5; each key needs its own",
    ),
    "dkim_unknown_key": (
        "dkim: {domain: example.org, selektor: a, selector: a, private_key: '-----BEGIN X'}\n",
        "4:29: dkim: unknown key 'selektor'; did you mean 'selector'?",
    ),
    "inbox_nothing": ("inbox: {plus: true}\n", "4:8: inbox: missing key 'maildir' or 'imap'"),
    "inbox_two": (
        "inbox: {maildir: ., imap: {host: h, username: u, password: p}}\n",
        "4:21: inbox has both 'maildir' and 'imap'; keep one of them",
    ),
    "inbox_address": ("inbox: {maildir: ., address: papers}\n", "4:30: inbox.address is no email address: the @ is"),
    "inbox_plus": ("inbox: {maildir: ., plus: 7}\n", "4:27: inbox.plus must be true or false"),
    "inbox_two_secrets": (
        "inbox: {maildir: ., secret: 0123456789abcdef0123456789abcdef, secret_file: f}\n",
        "4:63: inbox has both 'secret' and 'secret_file'; keep one of them",
    ),
    "imap_no_username": (
        "inbox: {imap: {host: h, password: p}}\n",
        "4:15: inbox.imap: missing key 'username'",
    ),
    "imap_no_password": (
        "inbox: {imap: {host: h, username: u}}\n",
        "4:25: inbox.imap: missing key 'password' (or 'password_file', or 'token_command') for this username",
    ),
    "imap_in_the_clear": (
        "inbox: {imap: {host: imap.example.org, username: u, password: p, encryption: none}}\n",
        "4:78: inbox.imap.encryption 'none' is for a server on this machine only",
    ),
    "imap_empty_password": (
        "inbox: {imap: {host: h, username: u, password: ''}}\n",
        "4:48: inbox.imap.password is empty; if it is a variable, set it",
    ),
    "look": (
        "issue: {template: galery}\n",
        "4:19: issue.template: there is no such look 'galery'; there is default, gallery, plain; did you mean",
    ),
    "defaults_address": ("defaults: {email: a@example.org}\n", "4:12: defaults: unknown key 'email'"),
    "exclusion_weight": (
        "defaults: {exclude: [{name: survey, weight: 2}]}\n",
        "defaults: exclusion 'survey': unknown key 'weight'",
    ),
}

HEADS = {
    "no_newsletter": ("sources:\n  - arxiv: {categories: [cs.LG]}\n", "1:1: missing key 'newsletter'"),
    "no_sources": ("newsletter: {name: A, from: a@example.org}\n", "1:1: missing key 'sources'"),
    "sources_empty": (
        "newsletter: {name: A, from: a@example.org}\nsources: []\n",
        "2:10: sources needs at least one item",
    ),
    "sender": (
        "newsletter: {name: A, from: Ada}\n",
        "1:29: newsletter.from 'Ada' is no email address: the @ is missing",
    ),
    "sender_line_break": ('newsletter: {name: A, from: "a@example.org\\nBcc: b@example.org"}\n', "must be one line"),
    "name_number": (
        "newsletter: {name: 2026, from: a@example.org}\n",
        "1:20: newsletter.name must be text; put it in quotes",
    ),
    "name_line_break": (
        'newsletter: {name: "A\\r\\nB", from: a@example.org}\n',
        "1:20: newsletter.name 'A??B' must be one line",
    ),
    "name_long": (
        f"newsletter: {{name: {'x' * 201}, from: a@example.org}}\n",
        "is too long (201 characters); at most 200",
    ),
    "sender_list": ("newsletter: {name: A, from: [a@example.org]}\n", "1:29: newsletter.from must be text such as"),
    "source_missing": ("sources:\n  -\n  - arxiv: {categories: [cs.LG]}\n", "source 1 is empty; give it a value"),
    "name_blank": ('newsletter: {name: " ", from: a@example.org}\n', "newsletter.name ' ' is empty"),
    "source_unknown": (
        "sources:\n  - arxvi: {}\n",
        f"2:5: unknown source 'arxvi'; did you mean 'arxiv'? known: {', '.join(KINDS)}",
    ),
    "source_strange": (
        "sources:\n  - gopher: {}\n",
        f"2:5: unknown source 'gopher'; known: {', '.join(KINDS)}",
    ),
    "source_text": ("sources:\n  - arxiv\n", "2:5: source 1 must be one kind with its settings indented under it"),
    "source_not_indented": (
        "sources:\n  - arxiv:\n    categories: [cs.LG]\n",
        "2:5: source 1 must be one kind with its",
    ),
    "source_key": (
        "sources:\n  - arxiv: {category: [cs.LG]}\n",
        "2:13: source arxiv: unknown key 'category'; did you mean 'categories'?",
    ),
    "source_category": (
        "sources:\n  - arxiv: {categories: [cs.LX]}\n",
        '2:25: source arxiv: categories: "cs.LX" is not an arXiv category',
    ),
    "source_empty": ("sources:\n  - arxiv:\n", "2:5: source arxiv is empty; give it a value or leave it out"),
    "source_name": ("sources:\n  - feed: {url: https://example.org/rss}\n", "2:11: source feed: missing key 'name'"),
    "source_address": (
        "sources:\n  - feed: {name: X, url: example.org}\n",
        "2:26: source feed 'X': url: \"example.org\" is not a web address",
    ),
    "source_twice": (
        "sources:\n  - pages: {path: a.txt}\n  - pages: {path: a.txt}\n",
        "3:5: source 'pages a.txt' stands already in line 2; keep one, or name them apart",
    ),
}

INTERESTS = {
    "bare_number": ("2401.10020", f"'2401.10020' {NUMBER}"),
    "bare_integer": ("42", f"'42' {NUMBER}"),
    "paper_number": (
        "{paper: 2401.10020}",
        "'2401.10020': paper is a number to YAML; write it in quotes, with its kind: \"arxiv:2401.10020\"",
    ),
    "paper_title": ("{paper: Draft trees}", f"'Draft trees': paper {NO_PAPER}"),
    "paper_truth": ("{paper: true}", f"'true': paper {NO_PAPER}"),
    "paper_list": ("{paper: [a]}", f"paper {NO_PAPER}"),
    "paper_empty": ('{paper: ""}', f"paper {NO_PAPER}"),
    "impossible_id": ('"2413.10020"', f"'2413.10020' {NO_PAPER}"),
    "impossible_prefixed_id": ("arxiv:24", f"'arxiv:24' {NO_PAPER}"),
    "half_doi": ('"doi:10.1145//"', f"'doi:10.1145//' {NO_PAPER}"),
    "other_address": ("https://example.org/papers", f"'https://example.org/papers' {NO_PAPER}"),
    "split_id": ("{arxiv: 2401.10020}", "1 has a key 'arxiv'; a paper is one text in quotes, such as \"arxiv:…\""),
    "paper_keywords": (
        '{paper: "arxiv:2401.10020", keywords: [looms]}',
        "'arxiv:2401.10020' cannot have a description or keywords beside 'paper'",
    ),
    "paper_weight": ('{paper: "arxiv:2401.10020", weight: 0}', "'arxiv:2401.10020': weight must be greater than 0"),
    "venue_empty": ('{venue: " "}', "' ': venue is empty"),
    "venue_marks": ('{venue: "!!! …"}', "'!!! …': venue has no letter; write it as it stands on papers"),
    "venue_long": (f"{{venue: {'x' * 201}}}", "venue is too long (201 characters); at most 200"),
    "venue_number": ("{venue: 2026}", "'2026': venue must be text; put it in quotes"),
    "author_marks": ("{author: '?'}", "'?': author has no letter; write it as it stands on papers"),
    "author_unseen": (
        '{author: "Ada\\u202e"}',
        "'Ada?': author holds a character that cannot be seen (U+202E); retype it",
    ),
    "only_marks": ('"?!, …"', "has no word that papers could be found by"),
    "only_emoji": ('"🧪 🚀"', "has no word that papers could be found by"),
    "only_stop_words": ("the of and", "'the of and' has no word that papers could be found by"),
    "only_blanks": ('"  "', "'  ' is empty"),
    "ten_thousand_words": ("word " * 10_000, "is too long for a phrase (49999 characters); say it shorter, and more"),
    "long_description": (
        f"{{name: looms, description: {'word ' * 10_000}}}",
        "is too long (49999 characters); at most 2000",
    ),
    "many_keywords": (
        f"{{name: looms, keywords: [{', '.join(f'loom {number}' for number in range(51))}]}}",
        "'looms': keywords has too many items; at most 50",
    ),
    "list_in_keywords": ("{name: looms, keywords: [[a]]}", "'looms': keywords must be text"),
    "control_character": ('"dead\\x07lock"', "'dead?lock' holds a control character"),
    "unseen_character": ('"dead\\u200block"', "'dead?lock' holds a character that cannot be seen (U+200B); retype it"),
    "stop_words": ("papers about the", "'papers about the' has no word that papers could be found by"),
    "empty_text": ('""', "1 is empty"),
    "truth": ("true", "'true' must be a phrase, an arXiv category, a paper, or keys such as 'name:' and 'keywords:'"),
    "list": ("[a, b]", "1 must be a phrase, an arXiv category"),
    "wildcard": ("polyhedral *", "'polyhedral *' holds a '*', which means nothing here"),
    "archive": ("astro-ph", "'astro-ph' is a whole archive of arXiv; name its categories, such as astro-ph.CO"),
    "long": ("word " * 50, "is too long for a phrase (249 characters)"),
    "weight_zero": ("{name: compilers, weight: 0}", "'compilers': weight must be greater than 0"),
    "weight_negative": ("{name: compilers, weight: -1}", "'compilers': weight must be greater than 0"),
    "weight_infinite": ("{name: compilers, weight: .inf}", "'compilers': weight '.inf' must be a finite number"),
    "weight_nan": ("{name: compilers, weight: .nan}", "'compilers': weight '.nan' must be a finite number"),
    "weight_text": ("{name: compilers, weight: heavy}", "'compilers': weight must be a number"),
    "key": ("{name: compilers, keyword: [x]}", "'compilers': unknown key 'keyword'; did you mean 'keywords'?"),
    "unknown_key": (
        "{journal: POPL}",
        "1: unknown key 'journal'; known: name, description, keywords, author, category, venue, paper, weight",
    ),
    "colon": ("{'speculative decoding: trees': }", "1: unknown key, beginning with 'speculative'"),
    "two_kinds": (
        "{name: compilers, author: Ada}",
        "needs exactly one of 'name', 'author', 'category', 'venue' and 'paper', and has 'name' and 'author'",
    ),
    "no_kind": (
        "{weight: 2}",
        "1 needs exactly one of 'name', 'author', 'category', 'venue' and 'paper', and has none",
    ),
    "author_keywords": (
        "{author: Ada, keywords: [x rays]}",
        "'Ada' cannot have a description or keywords beside 'author'",
    ),
    "keyword": ("{name: compilers, keywords: [the]}", "'compilers': keywords 'the' has no word"),
    "keywords_text": ("{name: compilers, keywords: MLIR}", "'compilers': keywords must be a list"),
    "author_line_break": ('{author: "A\\nB"}', "'A?B': author must be one line, without control characters"),
}

ADDRESSES = {
    "no_at": ("ada", "the @ is missing"),
    "space": ("ada lovelace@example.org", "it holds a space or a line break"),
    "line_break": ('"ada@example.org\\r\\nBcc: x@example.org"', "it holds a space or a line break"),
    "invisible": ('"ada\\u200b@example.org"', "it holds a space or a line break"),
    "local_script": ("adä@example.org", "letters before the @ must be ASCII"),
    "local_dots": ("a..b@example.org", "the part before the @ is not valid"),
    "two_ats": ("a@b@example.org", "the part before the @ is not valid"),
    "no_local": ('"@example.org"', "the part before the @ is not valid"),
    "long_local": (f"{'a' * 65}@example.org", "the part before the @ is not valid"),
    "no_domain": ("ada@", "the part after the @ is no domain"),
    "no_dot": ("ada@example", "the part after the @ is no domain"),
    "dots": ("ada@example..org", "the part after the @ is no domain"),
    "brackets": ("<ada@example.org>", "the part before the @ is not valid"),
    "two_addresses": ("ada@example.org,grace@example.org", "the part before the @ is not valid"),
    "long_domain": (f"ada@{'a.' * 130}org", "the part after the @ is no domain"),
}

READERS = {
    "key": ("freqency: daily", f"7:5: {WHO}: unknown key 'freqency'"),
    "near_key": ("max_paper: 3", f"7:5: {WHO}: unknown key 'max_paper'; did you mean 'max_papers'?"),
    "status": (
        "status: actve",
        f"7:13: {WHO}: status must be 'active', 'paused' or 'unsubscribed'; did you mean 'active'?",
    ),
    "score": ("min_score: 1.5", f"7:16: {WHO}: min_score must be at most 1"),
    "score_truth": ("min_score: true", f"7:16: {WHO}: min_score 'true' must be a number"),
    "empty": ("min_score:", f"7:5: {WHO}: min_score is empty; give it a value or leave it out"),
    "time": ("send_at: 24:00", f"7:14: {WHO}: send_at '24:00' is no time of day"),
    "zone": ("timezone: [UTC]", f"7:15: {WHO}: timezone must be text"),
    "exclusion": ("exclude: [the]", f"7:15: {WHO}: exclusion 'the' has no word"),
    "name": ('name: "A\\nB"', f"7:11: {WHO}: name 'A?B' must be one line"),
    "surrogate": ('name: "\\ud800"', f"7:11: {WHO}: name holds a NUL or half a character; retype it"),
    "nul": ('name: "a\\0b"', f"7:11: {WHO}: name holds a NUL or half a character; retype it"),
    "alias": ("name: *other", "7:11: an alias (*) without its anchor (&) above it"),
    "twice": ("email: grace@example.org", "7:5: key 'email' stands already in line 5; keep one of them"),
    "tag": ("name: !env ADA", "7:11: a value cannot begin with '!'; put it in quotes"),
}


@pytest.mark.parametrize(("text", "expected"), TOP.values(), ids=TOP)
def test_a_slip_in_a_section_is_told(tmp_path: Path, text: str, expected: str) -> None:
    """Every section names its key, its place and the way out."""
    [problem] = problems(tmp_path, HEAD + text)

    assert expected in problem


@pytest.mark.parametrize(("text", "expected"), HEADS.values(), ids=HEADS)
def test_a_slip_in_sender_or_sources_is_told(tmp_path: Path, text: str, expected: str) -> None:
    """The sections that every file needs."""
    assert any(expected in problem for problem in problems(tmp_path, text))


@pytest.mark.parametrize(("written", "expected"), INTERESTS.values(), ids=INTERESTS)
def test_a_slip_in_an_interest_is_told(tmp_path: Path, written: str, expected: str) -> None:
    """The reader is named, and the interest by its own words."""
    [problem] = problems(tmp_path, HEAD + ADA.replace("diffusion models", written))

    assert problem.startswith(f"subscribers.yaml:6:{problem.split(':')[2]}: {WHO}: interest ")
    assert expected in problem


@pytest.mark.parametrize(
    "exclude",
    [
        '["arxiv:2401.10020"]',
        "[https://arxiv.org/abs/2401.10020v2]",
        '[survey, {paper: "https://huggingface.co/papers/2401.10020"}]',
    ],
)
def test_a_paper_that_is_wanted_and_excluded_is_told_however_it_is_written(tmp_path: Path, exclude: str) -> None:
    """More and less like the same paper cannot both be had, by a reader's own lines or by those for everybody."""
    ada = ADA.replace("diffusion models", "looms, '2401.10020'")
    [own] = problems(tmp_path, HEAD + ada + f"    exclude: {exclude}\n")
    [shared] = problems(tmp_path, HEAD + f"defaults: {{exclude: {exclude}}}\n" + ada)

    said = f"{WHO}: 'arxiv:2401.10020' is an interest and excluded, in line"
    assert own == f"subscribers.yaml:6:24: {said} 7; keep one of them"
    assert shared == f"subscribers.yaml:7:24: {said} 4; keep one of them"


def test_a_paper_excluded_by_somebody_else_is_their_own_affair(tmp_path: Path) -> None:
    """One reader's example may be another's bore; and what is no paper contradicts nothing."""
    text = HEAD + ADA.replace("diffusion models", '"arxiv:2401.10020"')
    text += '  - {email: grace@example.org, interests: [input/output], exclude: ["arxiv:2401.10020"]}\n'
    [problem] = problems(tmp_path, text + "store: x\n")

    assert "store must be the address of a file" in problem


@pytest.mark.parametrize(("written", "expected"), ADDRESSES.values(), ids=ADDRESSES)
def test_an_address_that_mail_cannot_reach_is_told(tmp_path: Path, written: str, expected: str) -> None:
    """No address can carry a second header field or a second recipient."""
    [problem] = problems(tmp_path, HEAD + ADA.replace("ada@example.org", written))

    assert problem.startswith("subscribers.yaml:5:12: subscriber ")
    assert expected in problem


@pytest.mark.parametrize(("text", "expected"), READERS.values(), ids=READERS)
def test_a_slip_in_a_subscriber_is_told(tmp_path: Path, text: str, expected: str) -> None:
    """The person is named, not an index."""
    [problem] = problems(tmp_path, f"{HEAD}{ADA}    {text}\n")

    assert problem.startswith(f"subscribers.yaml:{expected}")


@pytest.mark.parametrize("key", ["email", "interests"])
def test_a_key_that_is_missing_is_told_at_its_subscriber(tmp_path: Path, key: str) -> None:
    """The place of what is not there is where it belongs."""
    kept = {"email": "  - interests: [cs.LG]\n", "interests": "  - email: ada@example.org\n"}[key]
    [problem] = problems(tmp_path, f"{HEAD}subscribers:\n{kept}")

    assert problem.startswith("subscribers.yaml:5:5: subscriber ")
    assert problem.endswith(f"missing key '{key}'")


@pytest.mark.parametrize("written", ["[]", "", "diffusion models", "{a: 1}"])
def test_a_subscriber_without_a_list_of_interests_is_told(tmp_path: Path, written: str) -> None:
    """Nobody can be sent what nobody asked for."""
    [problem] = problems(tmp_path, HEAD + ADA.replace("[diffusion models]", written))

    assert f"{WHO}: interests " in problem


def test_an_address_that_stands_twice_names_both_lines(tmp_path: Path) -> None:
    """Mail servers do not tell capitals apart, so neither does the list."""
    [problem] = problems(tmp_path, HEAD + ADA + ADA.replace("subscribers:\n", "").replace("ada", "ADA"))

    assert problem == "subscribers.yaml:7:12: subscriber ADA@example.org stands already in line 5; keep one of them"


def test_every_problem_is_told_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    """One run of `check` is enough."""
    text = "smtp: {host: h, port: x}\nsubscribers:\n  - email: ada\n    interests: [cs.LG]\n    foo: 1\n"
    text += "  - email: b@example.org\n"
    found = problems(tmp_path, text + "store: x\nnewsletter: {name: A}\nsources:\n  - arxvi: {}\n")

    assert [problem.split(": ")[0] for problem in found] == [
        f"subscribers.yaml:{place}" for place in ("1:23", "3:12", "5:5", "6:5", "7:8", "8:13", "10:5")
    ]


def test_a_person_without_an_address_is_called_by_name(tmp_path: Path) -> None:
    """The next best name."""
    [problem] = problems(tmp_path, HEAD + "subscribers:\n  - name: Ada\n    interests: [cs.LG]\n")

    assert problem == "subscribers.yaml:5:5: subscriber Ada: missing key 'email'"
