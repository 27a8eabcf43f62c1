"""The world's rules that need no server: permissions, ids, who may connect."""

import base64

import pytest

from notetaker.discordsim.messages.command_usage import UsageError, command_data
from notetaker.discordsim.world.entities import ChannelType, VoiceState
from notetaker.discordsim.world.permissions import ALL, EVERYONE, Permission, compute
from notetaker.discordsim.world.snowflake import Snowflakes, timestamp
from notetaker.discordsim.world.world import World
from tests.harness.world import the_bot


def test_a_seed_fixes_the_demo_world() -> None:
    first, second = World.demo(seed=3), World.demo(seed=3)
    assert first.users == second.users
    assert first.guilds == second.guilds
    assert not World.demo(seed=4).users.keys() & first.users.keys()
    assert not World.demo().users.keys() & World.demo().users.keys()


def test_a_token_begins_with_the_user_id() -> None:
    for user in World.demo().users.values():
        head, middle, tail = user.token.split(".")
        assert base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)).decode() == str(user.id)
        assert (len(middle), len(tail)) == (6, 38)
        assert user.token not in repr(user)


def test_a_snowflake_as_discord_s_docs_explain_it() -> None:
    # Discord docs, Reference / Snowflakes: the example 175928847299117063.
    assert timestamp(175928847299117063) == "2016-04-30T11:18:25.796000+00:00"
    snowflakes = Snowflakes(lambda: 1_462_015_105.796)
    ids = [snowflakes.next() for _ in range(3)]
    assert ids[0] >> 22 == 175928847299117063 >> 22
    assert ids == sorted(set(ids))


def test_permissions_are_overwritten_from_everyone_to_member() -> None:
    world = World.demo()
    office = next(iter(world.guilds.values()))
    owner, ben = list(office.members)[:2]
    channel = next(iter(office.channels.values()))
    assert compute(office, ben, channel) == EVERYONE
    world.overwrite(channel, office.id, deny=Permission.SEND_MESSAGES | Permission.ATTACH_FILES)
    assert compute(office, ben, channel) == EVERYONE & ~(Permission.SEND_MESSAGES | Permission.ATTACH_FILES)
    staff = world.add_role(office, "Staff", Permission.MOVE_MEMBERS)
    office.members[ben].role_ids.append(staff.id)
    world.overwrite(channel, staff.id, allow=Permission.SEND_MESSAGES)
    assert compute(office, ben, channel) & Permission.SEND_MESSAGES
    assert compute(office, ben, channel) & Permission.MOVE_MEMBERS
    world.overwrite(channel, ben, deny=Permission.SEND_MESSAGES)
    assert not compute(office, ben, channel) & Permission.SEND_MESSAGES
    world.overwrite(channel, ben, deny=Permission.VIEW_CHANNEL)
    assert compute(office, ben, channel) == 0
    staff.permissions |= Permission.ADMINISTRATOR
    assert compute(office, ben, channel) == ALL
    assert compute(office, owner, channel) == ALL


def test_a_thread_has_its_parent_s_permissions() -> None:
    world = World.demo()
    office = next(iter(world.guilds.values()))
    parent = next(iter(office.channels.values()))
    ben = list(office.members)[1]
    thread = world.add_thread(parent, "t", ben, kind=ChannelType.PUBLIC_THREAD, thread_id=None, minutes=1440)
    world.overwrite(parent, office.id, deny=Permission.SEND_MESSAGES_IN_THREADS)
    assert not world.permissions(ben, thread) & Permission.SEND_MESSAGES_IN_THREADS


def test_a_full_channel_lets_in_those_who_may_move_members() -> None:
    world = World.demo()
    office = next(iter(world.guilds.values()))
    booth = next(channel for channel in office.channels.values() if channel.user_limit == 1)
    _, ben, chloe = list(office.members)[:3]
    assert world.may_connect(ben, booth)
    world.enter_voice(VoiceState(office.id, ben, booth.id, "session"))
    assert world.may_connect(ben, booth)  # a member does not count against itself
    assert not world.may_connect(chloe, booth)
    world.overwrite(booth, chloe, allow=Permission.MOVE_MEMBERS)
    assert world.may_connect(chloe, booth)
    world.overwrite(booth, chloe, allow=Permission.MOVE_MEMBERS, deny=Permission.CONNECT)
    assert not world.may_connect(chloe, booth)


SCHEMA = {
    "name": "notes",
    "description": "d",
    "options": [
        {
            "type": 1,
            "name": "share",
            "description": "d",
            "options": [
                {"type": 6, "name": "person", "description": "d", "required": True},
                {"type": 7, "name": "where", "description": "d"},
                {"type": 4, "name": "days", "description": "d", "choices": [{"name": "one", "value": 1}]},
            ],
        }
    ],
}


def test_a_subcommand_is_nested_and_its_ids_are_resolved() -> None:
    world = World.demo()
    office = next(iter(world.guilds.values()))
    owner, ben = list(office.members)[:2]
    channel = next(iter(office.channels))
    bot = the_bot(world)
    command, _ = world.register(bot.id, None, SCHEMA)
    given = {"person": str(ben), "where": str(channel), "days": 1}
    found, data = command_data(world, office, owner, "/notes share", given)
    assert found is command
    [share] = data["options"]
    assert (share["name"], share["type"]) == ("share", 1)
    assert [(o["name"], o["value"]) for o in share["options"]] == list(given.items())
    assert data["resolved"]["users"][str(ben)]["username"] == "ben"
    assert data["resolved"]["members"][str(ben)]["permissions"] == str(int(EVERYONE))
    assert list(data["resolved"]["channels"]) == [str(channel)]


@pytest.mark.parametrize(
    ("line", "given", "reason"),
    [
        ("nothing", {}, "There is no command /nothing in Office."),
        ("notes", {}, "/notes is used by one of its subcommands, such as share."),
        ("notes take", {}, "/notes has no subcommand take."),
        ("notes share", {}, "/share needs the option person."),
        ("notes share", {"person": "7"}, "Option person does not take '7'."),
        ("notes share", {"whom": "7"}, "/share has no option whom."),
    ],
)
def test_what_a_client_would_not_send(line: str, given: dict[str, str], reason: str) -> None:
    world = World.demo()
    office = next(iter(world.guilds.values()))
    bot = the_bot(world)
    world.register(bot.id, None, SCHEMA)
    with pytest.raises(UsageError) as error:
        command_data(world, office, office.owner_id, line, given)
    assert str(error.value) == reason


def test_a_command_for_managers_is_not_for_everyone() -> None:
    world = World.demo()
    office = next(iter(world.guilds.values()))
    bot = the_bot(world)
    body = {
        "name": "admin",
        "description": "d",
        "default_member_permissions": str(int(Permission.MANAGE_GUILD)),
    }
    world.register(bot.id, None, body)
    ben = list(office.members)[1]
    command_data(world, office, office.owner_id, "admin", {})
    with pytest.raises(UsageError, match="Ben may not use /admin"):
        command_data(world, office, ben, "admin", {})
