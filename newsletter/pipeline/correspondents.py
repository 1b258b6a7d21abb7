"""Whom a mail is from and which delivery it is about: nothing is believed but what only we and our readers have."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from newsletter.config import Config
from newsletter.models import Delivery
from newsletter.replies import Reply
from newsletter.store import Store
from newsletter.tokens import canonical, leave_token, read_bounce_address


class Correspondents:
    """The readers of a newsletter, present and former, as mails name them; each is told as it is spelled."""

    def __init__(self, config: Config, store: Store) -> None:
        self._config, self._store = config, store

    def known(self, address: str) -> str:
        """Return the reader who has an address, "" for anybody else."""
        return self._subscribers.get(canonical(address)) or self._store.evidence.known(address) if address else ""

    def owner(self, token: str) -> str:
        """Return the reader whose token to leave this is, in any case of letters; "" for one that is nobody's."""
        token = token.lower()
        return (self._tokens.get(token) or self._former_tokens.get(token, "")) if token else ""

    def writer(self, reply: Reply) -> str:
        """Return the reader who writes: by the address, else (from another mailbox) by what is answered."""
        return self.known(reply.sender) or next((each.subscriber for each in self.answered(reply)), "")

    def answered(self, reply: Reply) -> tuple[Delivery, ...]:
        """Return the deliveries whose Message-IDs a mail names."""
        return self._store.evidence.by_message_id(*reply.answered) if reply.answered else ()

    def delivery(self, reply: Reply) -> Delivery | None:
        """Return the delivery that a mail no person wrote is about: by where it was sent to, or by what it returns."""
        for address in reply.addressed:
            if named := read_bounce_address(address, self._config.newsletter.secret):
                found = self._store.evidence.by_reader(*named)
                if found is not None:
                    return found
        return next(iter(self.answered(reply)), None)

    @cached_property
    def _subscribers(self) -> dict[str, str]:
        """The subscribers of the settings, by the canonical form of their address."""
        return {canonical(each.email): each.email for each in self._config.subscribers}

    @cached_property
    def _tokens(self) -> dict[str, str]:
        return self._tokens_of(self._subscribers.values())

    @cached_property
    def _former_tokens(self) -> dict[str, str]:
        return self._tokens_of(self._store.evidence.addresses())  # all of years, so only for who is no subscriber

    def _tokens_of(self, addresses: Iterable[str]) -> dict[str, str]:
        """Return readers by their token in lower case: mail servers fold the case of local parts."""
        secret = self._config.newsletter.secret
        return {leave_token(secret, address).lower(): address for address in addresses} if secret else {}
