"""What a mail that came back wants: `read` takes the bytes of one and says it, whatever they are.

    bytes ─► parts ─┬─ reports     a bounce (RFC 3464) or a complaint (RFC 5965), in the form of a report (RFC 6522)
                    ├─ bounces     a bounce in any other form
                    ├─ automatic   an answer that no person wrote (RFC 3834)
                    └─ wishes      what a person wrote above the quote: unsubscribe, more 3, less 5

Nothing is believed here: whether an address, a token or a Message-ID is one of ours is asked by `pipeline`. What comes
from outside is on one line, without control characters, and bounded. A mail that cannot be read, or would take too
long, is `other` and stays for a person.
"""

from newsletter.replies.read import read
from newsletter.replies.reply import NOT_ARRIVED, Reply, ReplyKind, ReplyVote

__all__ = ["NOT_ARRIVED", "Reply", "ReplyKind", "ReplyVote", "read"]
