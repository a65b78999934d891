"""Register: what members are called and sign in with, kept in the vault; and whose each name is."""

import unicodedata
from typing import Final

import msgspec
from msgspec import Struct

from collector.control.denied import Denied, DeniedReason
from collector.control.vault import Overtaken, Vault
from contracts.sessions import LONGEST_NAME, LONGEST_TYPED_NAME, folded_name
from contracts.vault import Particulars, member_entry

LONGEST_ADDRESS: Final = 254
# The id of no member: whoever is not known costs the same questions.
NOBODY: Final = "nobody"
_PREFIX: Final = member_entry("")


class Registered(Struct, frozen=True, kw_only=True):
    """A member's particulars, and the revision that whoever changes them has to name."""

    particulars: Particulars
    revision: int


class Register:
    """Particulars by member, and members by name; two names that differ only in case or form are one."""

    def __init__(self, vault: Vault) -> None:
        self._vault = vault

    async def of(self, short: str) -> Registered | None:
        """Return the particulars of the member whose id is *short*."""
        held = await self._vault.find(member_entry(short))
        if held is None:
            return None
        particulars = msgspec.json.decode(held.value, type=Particulars)
        return Registered(particulars=particulars, revision=held.revision)

    async def whose(self, name: str) -> str | None:
        """Return the id of the member called *name*."""
        said = await self._vault.get(await self._vault.sign_in_entry(folded_name(name)))
        return None if said is None else said.decode()

    async def registered(self) -> frozenset[str]:
        """Return the ids of all members that have particulars."""
        return frozenset(name.removeprefix(_PREFIX) for name in await self._vault.names(_PREFIX))

    async def enter(self, short: str, particulars: Particulars) -> None:
        """Enter a new member; raise Denied where the name is somebody's, or the member has particulars already."""
        await self._claim(particulars.name, short)
        try:
            await self._vault.put(member_entry(short), msgspec.json.encode(particulars), expected_revision=0)
        except Overtaken:
            await self._give_up(particulars.name, short)
            raise Denied(DeniedReason.NO_INVITATION) from None
        if await self.whose(particulars.name) != short:
            await self._vault.destroy(member_entry(short))
            raise Denied(DeniedReason.NAME_TAKEN, field="name")

    async def change(self, short: str, particulars: Particulars, *, expected_revision: int) -> None:
        """Replace what there is about a member; the former is erased."""
        try:
            await self._vault.put(member_entry(short), msgspec.json.encode(particulars), expected_revision=expected_revision)
        except Overtaken:
            raise Denied(DeniedReason.CHANGED) from None

    async def forget(self, short: str) -> None:
        """Erase everything about a member."""
        registered = await self.of(short)
        await self._vault.destroy(member_entry(short))
        if registered is not None:
            await self._give_up(registered.particulars.name, short)

    async def _claim(self, name: str, short: str) -> None:
        entry = await self._vault.sign_in_entry(folded_name(name))
        held = await self._vault.find(entry)
        owner = None if held is None else held.value.decode()
        if owner is not None and owner != short and await self._is_called(owner, name):
            raise Denied(DeniedReason.NAME_TAKEN, field="name")
        try:
            # What was claimed by somebody who then did not join is free.
            await self._vault.put(entry, short.encode(), expected_revision=0 if held is None else held.revision)
        except Overtaken:
            raise Denied(DeniedReason.NAME_TAKEN, field="name") from None

    async def _give_up(self, name: str, short: str) -> None:
        """Let *name*, which *short* has claimed, be free; unless that is what they are called, or it is another's by now."""
        entry = await self._vault.sign_in_entry(folded_name(name))
        if not await self._is_called(short, name) and await self._vault.get(entry) == short.encode():
            await self._vault.destroy(entry)

    async def _is_called(self, short: str, name: str) -> bool:
        registered = await self.of(short)
        return registered is not None and is_same_name(registered.particulars.name, name)


def is_same_name(one: str, other: str) -> bool:
    """Say whether two names are one."""
    return folded_name(one) == folded_name(other)


def checked_name(name: str) -> str:
    """Return *name* as it is kept, or raise Denied where it is none."""
    if len(name) > LONGEST_TYPED_NAME:  # not even looked at: to compose letters takes the square of a length
        raise Denied(DeniedReason.NAME, field="name")
    tidy = unicodedata.normalize("NFKC", name).strip()
    if not 0 < len(tidy) <= LONGEST_NAME or not tidy.isprintable():
        raise Denied(DeniedReason.NAME, field="name")
    return tidy


def checked_address(address: str) -> str:
    """Return *address* as it is kept, or raise Denied where it can be none; nobody writes to it yet."""
    tidy = address.strip()
    if len(tidy) > LONGEST_ADDRESS or not tidy.isprintable():
        raise Denied(DeniedReason.ADDRESS, field="address")
    return tidy
