// The main gateway connection: heartbeats; and it is disturbed, and the client comes back.

import assert from "node:assert/strict";
import { once } from "node:events";

import { Events } from "discord.js";

const disturb = (client, person, kind) => person.post("faults", { kind, user_id: client.user.id });

async function getsAnswersToHeartbeats(client) {
  while (client.ws.ping < 0) await once(client, Events.Debug);
  return `${client.ws.ping} ms`;
}

/** The session goes on: nothing that happened meanwhile is missed. */
async function resumesAfter(client, person, kind) {
  const shard = client.ws.shards.first();
  const session = shard.sessionInfo.sessionId;
  const channel = client.channels.cache.get(person.channel("meeting-notes").id);
  const resumed = once(client, Events.ShardResume);
  const created = once(client, Events.MessageCreate);
  await disturb(client, person, kind);
  await channel.send(`Sent after ${kind}`);
  await Promise.all([resumed, created]);
  assert.equal(shard.sessionInfo.sessionId, session);
}

const resumesWhenAskedTo = (client, person) => resumesAfter(client, person, "gateway_reconnect");

const resumesWhenTheConnectionCloses = (client, person) => resumesAfter(client, person, "gateway_close");

async function identifiesAnewWhenTheSessionIsInvalid(client, person) {
  const shard = client.ws.shards.first();
  const session = shard.sessionInfo.sessionId;
  const ready = once(client, Events.ShardReady);
  await disturb(client, person, "gateway_invalidate");
  await ready;
  assert.notEqual(shard.sessionInfo.sessionId, session);
  assert.equal(client.guilds.cache.get(person.guild.id).available, true);
}

export const checks = [
  getsAnswersToHeartbeats,
  resumesWhenAskedTo,
  resumesWhenTheConnectionCloses,
  identifiesAnewWhenTheSessionIsInvalid,
];
