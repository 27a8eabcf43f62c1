// What a client sees of guilds, channels, members and voice once it has logged in.

import assert from "node:assert/strict";
import { once } from "node:events";

import { ChannelType, Events, GatewayOpcodes, PermissionFlagsBits } from "discord.js";

const TYPES = {
  text: ChannelType.GuildText,
  voice: ChannelType.GuildVoice,
  stage: ChannelType.GuildStageVoice,
};

const guildOf = (client, person) => client.guilds.cache.get(person.guild.id);

async function logsIn(client, person) {
  const known = person.someoneElse(client.user.username);
  assert.equal(client.user.id, known.id);
  assert.equal(client.user.bot, true);
  assert.equal((await client.application.fetch()).bot.id, known.id);
  return client.user.tag;
}

async function seesItsGuilds(client, person) {
  const mine = person.world.guilds.filter((guild) => guild.member_ids.includes(client.user.id));
  assert.deepEqual(new Set(client.guilds.cache.keys()), new Set(mine.map((guild) => guild.id)));
  for (const { id, name, owner_id, member_ids } of mine) {
    const seen = client.guilds.cache.get(id);
    assert.deepEqual([seen.name, seen.ownerId, seen.memberCount], [name, owner_id, member_ids.length]);
    assert.equal((await client.guilds.fetch({ guild: id, force: true })).name, name);
  }
  return mine.map((guild) => guild.name).join(", ");
}

async function seesChannels(client, person) {
  const guild = guildOf(client, person);
  const described = (channel) => [channel.id, channel.name, channel.type, channel.userLimit ?? 0];
  const wanted = person.guild.channels.map(({ id, name, type, user_limit }) => [
    id,
    name,
    TYPES[type],
    user_limit,
  ]);
  assert.deepEqual(guild.channels.cache.map(described), wanted);
  assert.deepEqual((await guild.channels.fetch()).map(described), wanted);
  return `${wanted.length} channels`;
}

async function knowsItsPermissions(client, person) {
  const { cache } = guildOf(client, person).channels;
  const may = (name, bit) => cache.get(person.channel(name).id).permissionsFor(client.user).has(bit);
  assert.equal(may("general", PermissionFlagsBits.SendMessages), true);
  assert.equal(may("Standup", PermissionFlagsBits.Connect), true);
  assert.equal(may("Board room", PermissionFlagsBits.Connect), false);
  assert.equal(cache.get(person.channel("Board room").id).joinable, false);
}

async function fetchesMembers(client, person) {
  const { members } = guildOf(client, person);
  const [one, ...others] = person.guild.member_ids;
  assert.equal((await members.fetch({ user: one, force: true })).id, one);
  const found = await members.fetch({ user: others, force: true });
  assert.deepEqual(new Set(found.keys()), new Set(others));
  assert.equal(members.me.id, client.user.id);
  return `${others.length} by the gateway, one by REST`;
}

async function seesWhoIsInVoice(client, person) {
  const guild = guildOf(client, person);
  const wanted = person.guild.voice_states.map((state) => [state.user_id, state.channel_id]);
  assert.notEqual(wanted.length, 0, "nobody is in voice, so this check says nothing");
  assert.deepEqual(
    guild.voiceStates.cache.map((state) => [state.id, state.channelId]),
    wanted,
  );
  for (const [userId, channelId] of wanted) {
    assert(guild.channels.cache.get(channelId).members.has(userId));
    assert.equal((await guild.voiceStates.fetch(userId, { force: true })).channelId, channelId);
  }
}

async function followsVoiceStates(client, person) {
  const guild = guildOf(client, person);
  const [standup, planning] = ["Standup", "Planning"].map((name) => person.channel(name).id);
  const who = { guild_id: guild.id, user_id: client.user.id };
  const moves = [];
  const record = (before, now) => moves.push([before.channelId, now.channelId]);
  client.on(Events.VoiceStateUpdate, record);
  const changed = async (act) => {
    const update = once(client, Events.VoiceStateUpdate);
    await act();
    await update;
  };
  const join = { guild_id: guild.id, channel_id: standup, self_mute: true, self_deaf: false };
  await changed(() => guild.shard.send({ op: GatewayOpcodes.VoiceStateUpdate, d: join }));
  assert.equal(guild.members.me.voice.selfMute, true);
  await changed(() => person.post("move", { ...who, channel_id: planning }));
  assert(guild.channels.cache.get(planning).members.has(client.user.id));
  await changed(() => person.post("disconnect", who));
  client.off(Events.VoiceStateUpdate, record);
  assert.deepEqual(moves, [
    [null, standup],
    [standup, planning],
    [planning, null],
  ]);
}

export const checks = [
  logsIn,
  seesItsGuilds,
  seesChannels,
  knowsItsPermissions,
  fetchesMembers,
  seesWhoIsInVoice,
  followsVoiceStates,
];
