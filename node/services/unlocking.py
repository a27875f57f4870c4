"""Opening the custody and the vault, and what each opening sets going."""

import asyncio
from typing import Literal

from node.errors import InvalidError
from node.services.association import Association
from node.services.matches import Matches
from node.services.publish import Publisher
from node.vault.custody import Custody

Level = Literal["custody", "vault"]


class Unlocking:
    """The two levels that a person opens. The caller has checked who asks."""

    def __init__(
        self, home: Association, custody: Custody, publisher: Publisher, matches: Matches
    ) -> None:
        self._home = home
        self._custody = custody
        self._publisher = publisher
        self._matches = matches
        self._one_at_a_time = asyncio.Lock()

    async def unlock(self, level: str, passphrase: str) -> None:
        """Open one level. One attempt at a time: each costs 64 MiB of memory, right or wrong.

        The vault stays closed unless everything that its opening sets going went well.

        Raises:
            WrongPassphraseError: it stays as it was.
            KeyFileError: its file is missing or damaged.
            NotCustodianError: this node holds no share.
            InvalidError: there is no such level.
        """
        async with self._one_at_a_time:
            if level == "custody":
                await asyncio.to_thread(self._custody.unlock, passphrase)
                return
            if level != "vault":
                raise InvalidError({"level": "value"})
            await asyncio.to_thread(self._home.vault.unlock, passphrase)
            try:
                await self._publisher.opened()
                await self._matches.rebuild()
            except BaseException:
                self._close_vault()
                raise

    def lock(self) -> None:
        """Close both levels: what they held is forgotten until someone opens them again."""
        self._custody.lock()
        self._close_vault()

    def _close_vault(self) -> None:
        self._home.vault.lock()
        self._matches.forget()
