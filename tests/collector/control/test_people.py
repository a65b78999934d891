"""People's promises: a link works once, a name is one member's, and who is removed is forgotten."""

import asyncio
import base64
import time
from datetime import timedelta

import pytest

from collector.control.decided import Undecided
from collector.control.denied import Denied, DeniedReason
from collector.control.keeping import accept_loss
from collector.control.people import OWNER
from collector.stream import connection as broker
from collector.upkeep import running_beside
from contracts.control.people import MemberState
from contracts.control.stream import CONTROL_STREAM, control_settings
from contracts.vault import member_entry
from tests.collector.control.people_world import NAME, PASSWORD, World
from tests.collector.control.telling import until

ADDRESS = f"kim{chr(64)}example.org"


async def refusal(asked) -> DeniedReason:
    with pytest.raises(Denied) as denied:
        await asked
    return denied.value.reason


async def another(world: World) -> str:
    return await world.join("Somebody else")


async def test_whoever_was_invited_joins_once(world: World):
    invitation = await world.people.invite(OWNER, by="here")
    assert (await world.people.look(invitation.secret)).grants == OWNER
    await world.people.join(invitation.secret, name=NAME, password=PASSWORD)
    assert await refusal(world.people.look(invitation.secret)) is DeniedReason.NO_INVITATION
    again = world.people.join(invitation.secret, name="Ash", password=PASSWORD)
    assert await refusal(again) is DeniedReason.NO_INVITATION
    assert await world.people.name_of(invitation.member) == NAME


async def test_of_many_who_show_a_link_at_once_one_joins(world: World):
    invitation = await world.people.invite(OWNER, by="here")
    names = [f"Kim {number}" for number in range(5)]
    joining = [world.people.join(invitation.secret, name=name, password=PASSWORD) for name in names]
    outcomes = await asyncio.gather(*joining, return_exceptions=True)
    (winner,) = [name for name, outcome in zip(names, outcomes, strict=True) if not isinstance(outcome, Exception)]
    assert await world.people.name_of(invitation.member) == winner
    await world.sign_ins.sign_in(winner, PASSWORD, address="")
    for loser in set(names) - {winner}:
        await world.join(loser)


async def test_a_link_ends(world: World):
    invitation = await world.people.invite(OWNER, by="here", life=timedelta(hours=1))
    world.clock.pass_by(hours=1)
    assert await refusal(world.people.look(invitation.secret)) is DeniedReason.NO_INVITATION


async def test_what_is_no_link_is_worth_nothing(world: World):
    for secret in ("", "abc", "0.0", "nobody." + "0" * 64, "é." + "0" * 64):
        assert await refusal(world.people.look(secret)) is DeniedReason.NO_INVITATION


async def test_a_name_is_one_members_however_it_is_written(world: World):
    await world.join(NAME)
    for same in ("kim doe", "  KIM DOE ", "\uff2b\uff49\uff4d Doe"):
        assert await refusal(world.join(same)) is DeniedReason.NAME_TAKEN
    assert await world.people.are_any()


async def test_after_a_taken_name_the_link_works_with_another(world: World):
    await world.join(NAME)
    invitation = await world.people.invite(OWNER, by="here")
    taken = world.people.join(invitation.secret, name=NAME, password=PASSWORD)
    assert await refusal(taken) is DeniedReason.NAME_TAKEN
    await world.people.join(invitation.secret, name="Ash", password=PASSWORD)


SILLY = [
    ({"name": "", "password": PASSWORD}, DeniedReason.NAME),
    ({"name": "a\nb", "password": PASSWORD}, DeniedReason.NAME),
    ({"name": "x" * 101, "password": PASSWORD}, DeniedReason.NAME),
    ({"name": NAME, "password": "x" * 11}, DeniedReason.PASSWORD),
    ({"name": NAME, "password": "x" * 257}, DeniedReason.PASSWORD),
    ({"name": NAME, "password": PASSWORD, "address": "a" * 255}, DeniedReason.ADDRESS),
]


async def test_what_cannot_be_kept_uses_no_link_up(world: World):
    invitation = await world.people.invite(OWNER, by="here")
    for given, reason in SILLY:
        assert await refusal(world.people.join(invitation.secret, **given)) is reason
    await world.people.join(invitation.secret, name=NAME, password=PASSWORD)


async def test_a_name_of_which_no_letter_ends_keeps_nobody_waiting(world: World):
    began = time.perf_counter()
    asked = world.people.join("x", name="a" + "\u0301" * 15_000 + "\u0316" * 15_000, password=PASSWORD)
    assert await refusal(asked) is DeniedReason.NAME
    assert time.perf_counter() - began < 0.5


async def test_a_name_has_a_hundred_letters_also_where_each_comes_in_parts(world: World):
    invitation = await world.people.invite(OWNER, by="here")
    await world.people.join(invitation.secret, name="e\u0302\u0301" * 100, password=PASSWORD)
    assert await world.people.name_of(invitation.member) == "\u1ebf" * 100


async def test_who_is_removed_is_forgotten_and_the_name_is_free(world: World):
    invitation = await world.people.invite(OWNER, by="here")
    short = (await world.people.join(invitation.secret, name=NAME, password=PASSWORD, address=ADDRESS)).member
    other = await another(world)
    begun = await world.sign_ins.sign_in(NAME, PASSWORD, address="")
    await world.people.remove(short, by="here")
    assert await world.vault.names("member.") == [member_entry(other)]
    assert len(await world.vault.names()) == 2
    assert await refusal(world.sign_ins.visitor(begun.secret)) is DeniedReason.NOT_SIGNED_IN
    assert await refusal(world.sign_ins.sign_in(NAME, PASSWORD, address="")) is DeniedReason.WRONG_SIGN_IN
    await world.join(NAME)


async def test_what_a_removal_left_is_found_and_erased(world: World):
    short, other = await world.join(NAME), await another(world)
    await world.desk.roster.remove(short, by="here")
    assert await world.people.forget_the_removed() == 1
    assert await world.vault.names("member.") == [member_entry(other)]
    await world.people.remove(short, by="here")


async def test_the_last_owner_stays_and_is_not_forgotten(world: World):
    short = await world.join(NAME)
    with pytest.raises(Undecided, match="last owner stays"):
        await world.people.remove(short, by="here")
    await world.sign_ins.sign_in(NAME, PASSWORD, address="")


async def test_the_control_stream_holds_no_name_password_address_or_secret(world: World):
    invitation = await world.people.invite(OWNER, by="here")
    await world.people.join(invitation.secret, name=NAME, password=PASSWORD, address=ADDRESS)
    begun = await world.sign_ins.sign_in(NAME, PASSWORD, address="")
    last = (await broker.ask(world.client, f"STREAM.INFO.{CONTROL_STREAM.name}")).state.last_seq
    for seq in range(1, last + 1):
        message = (await broker.ask(world.client, f"STREAM.MSG.GET.{CONTROL_STREAM.name}", {"seq": seq})).message
        text = base64.b64decode(message.data).decode() + message.subject
        for secret in (NAME, PASSWORD, ADDRESS, begun.secret, invitation.secret.partition(".")[2]):
            assert secret.casefold() not in text.casefold()
    assert last == 3


async def test_the_owner_is_invited_until_somebody_can_sign_in(world: World):
    first = await world.people.invite_owner()
    second = await world.people.invite_owner()
    assert first is not None
    assert second is not None
    assert await refusal(world.people.look(first.secret)) is DeniedReason.NO_INVITATION
    await world.people.join(second.secret, name=NAME, password=PASSWORD)
    assert await world.people.invite_owner() is None
    await world.vault.destroy(member_entry(second.member))
    assert await world.people.invite_owner() is not None, "nobody can sign in any more"


async def test_another_password_takes_the_place_of_the_one_that_was_known(world: World):
    short = await world.join()
    other = PASSWORD[::-1]
    wrong = world.people.change_password(short, old=other, new=other)
    assert await refusal(wrong) is DeniedReason.WRONG_SIGN_IN
    await world.people.change_password(short, old=PASSWORD, new=other)
    assert await refusal(world.sign_ins.sign_in(NAME, PASSWORD, address="")) is DeniedReason.WRONG_SIGN_IN
    await world.sign_ins.sign_in(NAME, other, address="")


async def test_an_invitation_that_nobody_could_take_up_is_not_made(world: World):
    world.key_file.unlink()
    with pytest.raises(Exception, match="There is no master key"):
        await world.people.invite(OWNER, by="here")
    assert await world.desk.roster.members() == {}


async def test_no_repr_shows_a_secret(world: World):
    invitation = await world.people.invite(OWNER, by="here")
    assert invitation.secret not in repr(invitation) + str(invitation)
    await world.people.join(invitation.secret, name=NAME, password=PASSWORD)
    begun = await world.sign_ins.sign_in(NAME, PASSWORD, address="")
    assert begun.secret not in repr(begun)
    member = await world.desk.roster.member(begun.member)
    assert member is not None
    assert member.state is MemberState.JOINED


async def test_who_starts_once_the_decisions_are_lost_decides_nothing_lets_no_guest_in_and_forgets_nobody(
    world: World, nats_url: str
):
    member = await world.join()
    await broker.ask(world.client, f"STREAM.DELETE.{CONTROL_STREAM.name}")
    async with World(nats_url, world.client, world.key_file) as anew:
        asked = await anew.ask.get("/v1/admin/members")
        assert asked.status_code == 503, asked.text
        for decide in (anew.people.invite_owner(), anew.plane.run(lambda plane: plane.tenants.add("acme", by="here"))):
            with pytest.raises(Undecided, match="collector control accept-loss"):
                await decide
        assert await anew.people.name_of(member) == NAME
        await accept_loss(anew.client, anew.clock(), replicas=1)
        assert (await anew.ask.get("/v1/admin/members")).status_code == 200


async def test_while_the_decisions_are_another_streams_nobody_is_a_guest_and_nothing_is_decided(world: World):
    member = await world.join()
    await world.plane.run(lambda plane: plane.tenants.add("acme", by="here"))
    async with running_beside(world.follower.watch()):
        await until(lambda: "acme" in world.follower.directory.things.tenants, "it has read what was decided")
        await broker.ask(world.client, f"STREAM.DELETE.{CONTROL_STREAM.name}")
        await broker.ask(world.client, f"STREAM.CREATE.{CONTROL_STREAM.name}", control_settings(replicas=1))
        await until(lambda: world.follower.loss, "it sees that it is another one")
        asked = await world.ask.get("/v1/admin/members")
        assert asked.status_code == 503, asked.text
        assert "collector control accept-loss" in asked.text
        with pytest.raises(Undecided, match="collector control accept-loss"):
            await world.desk.deciding.ask(lambda plane: plane.tenants.add("other", by="here"))
        assert await world.people.name_of(member) == NAME
