// Messages, files and threads in a text channel.

import assert from "node:assert/strict";
import { once } from "node:events";

import {
  AttachmentBuilder,
  ChannelType,
  EmbedBuilder,
  Events,
  MessageFlags,
  ThreadAutoArchiveDuration,
} from "discord.js";

const notesChannel = (client, person) => client.channels.cache.get(person.channel("meeting-notes").id);

async function sendsAMessageWithAFile(client, person) {
  const channel = notesChannel(client, person);
  const created = once(client, Events.MessageCreate);
  const file = new AttachmentBuilder(Buffer.from("Ada: Grüße"), { name: "notes.md", description: "Notes" });
  const sent = await channel.send({
    content: "Notes of today",
    files: [file],
    embeds: [new EmbedBuilder().setTitle("Summary")],
  });
  const [seen] = await created;
  assert.equal(seen.id, sent.id);
  const [fetched] = (await channel.messages.fetch({ limit: 1, cache: false })).values();
  assert.deepEqual(
    [fetched.id, fetched.content, fetched.embeds[0].title],
    [sent.id, "Notes of today", "Summary"],
  );
  const attachment = fetched.attachments.first();
  assert.deepEqual([attachment.name, attachment.description], ["notes.md", "Notes"]);
  assert.equal(await (await fetch(attachment.url)).text(), "Ada: Grüße");
}

async function editsAndDeletes(client, person) {
  const channel = notesChannel(client, person);
  const sent = await channel.send("Notes");
  const updated = once(client, Events.MessageUpdate);
  await sent.edit("Notes, corrected");
  const [before, after] = await updated;
  assert.deepEqual([before.content, after.content], ["Notes", "Notes, corrected"]);
  assert.notEqual(after.editedTimestamp, null);
  const answer = await sent.reply("An answer");
  assert.equal((await answer.fetchReference()).id, sent.id);
  const deleted = once(client, Events.MessageDelete);
  await sent.delete();
  assert.equal((await deleted)[0].id, sent.id);
  await assert.rejects(channel.messages.fetch({ message: sent.id, force: true }), { code: 10008 });
}

async function sendsOnceByNonce(client, person) {
  const channel = notesChannel(client, person);
  const options = { content: "Posted once", nonce: "meeting-1", enforceNonce: true };
  const [first, second] = [await channel.send(options), await channel.send(options)];
  assert.equal(first.id, second.id);
}

async function createsAThread(client, person) {
  const channel = notesChannel(client, person);
  const message = await channel.send("A meeting");
  const created = once(client, Events.ThreadCreate);
  const thread = await message.startThread({
    name: "Transcript",
    autoArchiveDuration: ThreadAutoArchiveDuration.OneDay,
  });
  assert.equal((await created)[0].id, thread.id);
  assert.deepEqual(
    [thread.id, thread.type, thread.parentId],
    [message.id, ChannelType.PublicThread, channel.id],
  );
  const line = await thread.send("Ada: Hello");
  assert.equal((await thread.messages.fetch({ message: line.id, force: true })).content, "Ada: Hello");
  assert.equal((await message.fetch(true)).hasThread, true);
  assert.equal((await channel.threads.fetchActive()).threads.has(thread.id), true);
  assert.equal((await thread.setArchived(true)).archived, true);
}

async function pingsWhomItMay(client, person) {
  const channel = notesChannel(client, person);
  const content = `<@${person.user.id}> and <@${person.someoneElse("Ben").id}>`;
  const quiet = await channel.send({ content, allowedMentions: { parse: [] } });
  assert.equal(quiet.mentions.users.size, 0);
  const loud = await channel.send({ content, allowedMentions: { users: [person.user.id] } });
  assert.deepEqual([...loud.mentions.users.keys()], [person.user.id]);
}

async function writesInTheChatOfAVoiceChannel(client, person) {
  const voice = client.channels.cache.get(person.channel("Planning").id);
  const sent = await voice.send({ content: "Recording", flags: MessageFlags.SuppressNotifications });
  assert.equal((await voice.messages.fetch({ message: sent.id, force: true })).content, "Recording");
  assert.equal(sent.flags.has(MessageFlags.SuppressNotifications), true);
  const hidden = client.channels.cache.get(person.channel("Board room").id);
  await assert.rejects(hidden.send("Recording"), { code: 50001 });
}

async function waitsBetweenEdits(client, person) {
  const sent = await notesChannel(client, person).send("0");
  const refusals = [];
  const record = (_, response) => response.status === 429 && refusals.push(response);
  client.rest.on("response", record);
  for (let number = 1; number <= 7; number += 1) await sent.edit(String(number));
  client.rest.off("response", record);
  assert.equal((await sent.fetch(true)).content, "7");
  assert.equal(refusals.length, 0);
}

async function isToldWhatIsWrong(client, person) {
  const channel = notesChannel(client, person);
  await assert.rejects(channel.send("x".repeat(2001)), {
    code: 50035,
    status: 400,
    message: /2000 or fewer/,
  });
  await assert.rejects(channel.send(""), { code: 50006, status: 400 });
  await assert.rejects(client.channels.fetch("1", { force: true }), { code: 10003, status: 404 });
}

/** discord.js waits by itself when the headers say that a limit is used up. */
async function keepsToTheRateLimits(client, person) {
  const channel = client.channels.cache.get(person.channel("general").id);
  const refusals = [];
  const record = (response) => response.status === 429 && refusals.push(response);
  client.rest.on("response", (_, response) => record(response));
  const wanted = Array.from({ length: 7 }, (_, index) => `Line ${index}`);
  const sent = await Promise.all(wanted.map((content) => channel.send(content)));
  const byAge = [...sent].sort((one, other) => one.createdTimestamp - other.createdTimestamp);
  assert.deepEqual(
    byAge.map((message) => message.content),
    wanted,
  );
  assert.equal(refusals.length, 0);
}

export const checks = [
  sendsAMessageWithAFile,
  editsAndDeletes,
  sendsOnceByNonce,
  createsAThread,
  pingsWhomItMay,
  writesInTheChatOfAVoiceChannel,
  waitsBetweenEdits,
  isToldWhatIsWrong,
  keepsToTheRateLimits,
];
