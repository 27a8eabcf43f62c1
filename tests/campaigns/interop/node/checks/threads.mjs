// Private threads, archived and locked ones, as their members see them.

import assert from "node:assert/strict";
import { once } from "node:events";

import { ChannelType, Events } from "discord.js";

async function isAddedToAPrivateThread(client, person) {
  const general = person.channel("general").id;
  const hidden = await person.rest("POST", `/channels/${general}/threads`, { name: "Board", type: 12 });
  await assert.rejects(client.channels.fetch(hidden.id), { code: 50001 });
  const created = once(client, Events.ThreadCreate);
  await person.rest("PUT", `/channels/${hidden.id}/thread-members/${client.user.id}`);
  const [thread] = await created;
  assert.deepEqual([thread.id, thread.type], [hidden.id, ChannelType.PrivateThread]);
  assert.equal((await thread.members.fetchMe()).id, client.user.id);
  const told = once(client, Events.MessageCreate);
  await person.rest("POST", `/channels/${hidden.id}/messages`, { content: "Welcome" });
  assert.equal((await told)[0].channelId, hidden.id);
  await thread.leave();
  await assert.rejects(client.channels.fetch(hidden.id, { force: true }), { code: 50001 });
}

async function revivesAnArchivedThread(client, person) {
  const channel = client.channels.cache.get(person.channel("general").id);
  const thread = await channel.threads.create({ name: "Transcript", type: ChannelType.PublicThread });
  const line = await thread.send("Ada: Hello");
  await thread.setArchived(true);
  await assert.rejects(line.edit("Ada: Hi"), { code: 50083 });
  const updated = once(client, Events.ThreadUpdate);
  await thread.send("Ben: Hello");
  assert.equal((await updated)[1].archived, false);
  await person.rest("PATCH", `/channels/${thread.id}`, { locked: true });
  await assert.rejects(thread.send("Ben: Still here"), { code: 160005 });
  const deleted = once(client, Events.ThreadDelete);
  await person.rest("DELETE", `/channels/${thread.id}`);
  assert.equal((await deleted)[0].id, thread.id);
}

export const checks = [isAddedToAPrivateThread, revivesAnArchivedThread];
