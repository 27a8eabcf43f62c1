// What people do to the bot and to the server it is in, and what it writes to them.

import assert from "node:assert/strict";
import { once } from "node:events";

import { Events, PermissionFlagsBits } from "discord.js";

async function writesToAPerson(client, person) {
  const user = await client.users.fetch(person.user.id);
  const sent = await user.send("Your notes");
  assert.equal(sent.channel.isDMBased(), true);
  assert.equal((await sent.edit("Your notes, corrected")).content, "Your notes, corrected");
  const ben = await client.users.fetch(person.someoneElse("Ben").id);
  await person.post("dms", { user_id: ben.id, accepts: false });
  await assert.rejects(ben.send("Your notes"), { code: 50007 });
  await person.post("dms", { user_id: ben.id, accepts: true });
}

async function changesItsNickname(client, person) {
  const guild = client.guilds.cache.get(person.guild.id);
  const updated = once(client, Events.GuildMemberUpdate);
  await guild.members.me.setNickname("● Notetaker");
  assert.equal((await updated)[1].nickname, "● Notetaker");
  await guild.members.me.setNickname(null);
}

async function losesSightOfAChannel(client, person) {
  const { id } = person.channel("meeting-notes");
  const channel = client.channels.cache.get(id);
  const sees = () => channel.permissionsFor(client.user).has(PermissionFlagsBits.ViewChannel);
  const path = `/channels/${id}/permissions/${client.user.id}`;
  const hidden = once(client, Events.ChannelUpdate);
  await person.rest("PUT", path, { type: 1, deny: String(PermissionFlagsBits.ViewChannel) });
  await hidden;
  assert.equal(sees(), false);
  await assert.rejects(channel.send("Notes"), { code: 50001 });
  const shown = once(client, Events.ChannelUpdate);
  await person.rest("DELETE", path);
  await shown;
  assert.equal(sees(), true);
}

async function hearsOfRoles(client, person) {
  const guild = client.guilds.cache.get(person.guild.id);
  const created = once(client, Events.GuildRoleCreate);
  const { id } = await person.rest("POST", `/guilds/${guild.id}/roles`, { name: "Staff", permissions: "8" });
  assert.equal((await created)[0].name, "Staff");
  const given = once(client, Events.GuildMemberUpdate);
  await person.rest("PUT", `/guilds/${guild.id}/members/${client.user.id}/roles/${id}`);
  await given;
  assert.equal(guild.members.me.permissions.has(PermissionFlagsBits.Administrator), true);
  const deleted = once(client, Events.GuildRoleDelete);
  await person.rest("DELETE", `/guilds/${guild.id}/roles/${id}`);
  assert.equal((await deleted)[0].id, id);
}

async function survivesAGuildOutage(client, person) {
  const gone = once(client, Events.GuildUnavailable);
  const back = once(client, Events.GuildAvailable);
  await person.post("faults", { kind: "guild_outage", guild_id: person.guild.id, seconds: 0.2 });
  assert.equal((await gone)[0].id, person.guild.id);
  assert.equal((await back)[0].id, person.guild.id);
}

async function isKickedAndInvitedAgain(client, person) {
  const gone = once(client, Events.GuildDelete);
  await person.rest("DELETE", `/guilds/${person.guild.id}/members/${client.user.id}`);
  assert.equal((await gone)[0].id, person.guild.id);
  const back = once(client, Events.GuildCreate);
  await person.post("join", { guild_id: person.guild.id, user_id: client.user.id });
  assert.equal((await back)[0].id, person.guild.id);
}

export const checks = [
  writesToAPerson,
  changesItsNickname,
  losesSightOfAChannel,
  hearsOfRoles,
  survivesAGuildOutage,
  isKickedAndInvitedAgain,
];
