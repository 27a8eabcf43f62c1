// A voice client made of discord.js and @discordjs/voice, as they come from npm.
//
//   node voice.mjs '{"api_url", "token", "guild_id", "channel_id", "role": "speaker" or "listener"}'
//
// Says JSON lines on stdout and obeys JSON lines on stdin. Whoever starts it sets NODE_EXTRA_CA_CERTS.

import { once } from "node:events";
import readline from "node:readline";
import { Readable } from "node:stream";

import {
  AudioPlayerStatus,
  EndBehaviorType,
  StreamType,
  VoiceConnectionStatus,
  createAudioPlayer,
  createAudioResource,
  entersState,
  joinVoiceChannel,
} from "@discordjs/voice";
import { Client, Events, GatewayIntentBits } from "discord.js";

import { fingerprint, isSound, log, say } from "./protocol.mjs";

const DEADLINE_MS = 20_000;

/** Logs in and returns the client once it has its guilds. */
async function logIn({ api_url, token }) {
  const client = new Client({
    intents: [GatewayIntentBits.Guilds, GatewayIntentBits.GuildVoiceStates],
    rest: { api: api_url },
  });
  client.on(Events.Error, fail);
  client.on(Events.Warn, log);
  const ready = once(client, Events.ClientReady, { signal: AbortSignal.timeout(DEADLINE_MS) });
  await client.login(token);
  await ready;
  return client;
}

/** Joins the channel; the returned connection is ready to send and to receive. */
async function join(guild, { channel_id }) {
  const connection = joinVoiceChannel({
    guildId: guild.id,
    channelId: channel_id,
    adapterCreator: guild.voiceAdapterCreator,
    selfDeaf: false,
  });
  connection.on("stateChange", (before, now) => log(`voice: ${before.status} -> ${now.status}`));
  connection.on("error", fail);
  // Discord forwards audio to and from those only that have sent op 5, which the library does when it first
  // plays (discord-api-docs#808).
  connection.on(VoiceConnectionStatus.Ready, () => connection.setSpeaking(true));
  await entersState(connection, VoiceConnectionStatus.Ready, DEADLINE_MS);
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  while (!isEncrypted(connection, guild, channel_id)) {
    await once(connection, "transitioned", { signal: deadline });
  }
  return connection;
}

const daveOf = (connection) => connection.state.networking?.state.dave;

/** Whether end-to-end encryption is as far as it can be: a group needs two, and stage channels have none. */
function isEncrypted(connection, guild, channelId) {
  const dave = daveOf(connection);
  const inChannel = guild.voiceStates.cache.filter((state) => state.channelId === channelId);
  return !dave?.protocolVersion || inChannel.size < 2 || dave.lastTransitionId !== undefined;
}

/** Reports what the connection really gives to its socket: prepared in one cycle, sent in the next. */
function reportSent(connection) {
  const { prepareAudioPacket, dispatchAudio } = connection;
  let prepared;
  connection.prepareAudioPacket = (opus) => {
    prepared = opus;
    return prepareAudioPacket.call(connection, opus);
  };
  connection.dispatchAudio = () => {
    const sent = dispatchAudio.call(connection);
    if (sent && isSound(prepared)) say("sent", { opus: fingerprint(prepared) });
    return sent;
  };
}

function reportHeard({ receiver }) {
  receiver.speaking.on("start", (userId) => {
    if (receiver.subscriptions.has(userId)) return;
    const stream = receiver.subscribe(userId, { end: { behavior: EndBehaviorType.Manual } });
    stream.on("error", fail);
    stream.on("data", (opus) => {
      if (isSound(opus)) say("packet", { user_id: userId, opus: fingerprint(opus) });
    });
  });
}

async function speak(player, frames) {
  const opus = frames.map((frame) => Buffer.from(frame, "base64"));
  const stream = Readable.from(opus, { highWaterMark: opus.length });
  player.play(createAudioResource(stream, { inputType: StreamType.Opus }));
  await once(player, AudioPlayerStatus.Idle);
  say("spoken");
}

/** Waits until the voice server has told whose SSRC it is: what comes from an unknown SSRC is dropped. */
async function expect({ receiver }, userId) {
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  while (!receiver.ssrcMap.get(userId)) await once(receiver.ssrcMap, "create", { signal: deadline });
  say("expects", { user_id: userId });
}

function describeDave(connection) {
  const dave = daveOf(connection);
  say("dave", { version: dave?.protocolVersion ?? 0, members: dave?.session?.getUserIds() ?? null });
}

/** Leaves, and waits until Discord says that we have left. */
async function leave(client, guild, connection) {
  const deadline = AbortSignal.timeout(DEADLINE_MS);
  connection.destroy();
  while (guild.voiceStates.cache.get(client.user.id)?.channelId) {
    await once(client, Events.VoiceStateUpdate, { signal: deadline });
  }
  say("left");
}

async function main(config) {
  const client = await logIn(config);
  try {
    const guild = await client.guilds.fetch(config.guild_id);
    const connection = await join(guild, config);
    const player = createAudioPlayer();
    player.on("error", fail);
    connection.subscribe(player);
    if (config.role === "speaker") reportSent(connection);
    else reportHeard(connection);
    say("ready");
    for await (const line of readline.createInterface({ input: process.stdin })) {
      const command = JSON.parse(line);
      if (command.do === "speak") await speak(player, command.frames);
      else if (command.do === "expect") await expect(connection, command.user_id);
      else if (command.do === "members") describeDave(connection);
      else if (command.do === "leave") break;
      else throw new Error(`There is no command ${command.do}.`);
    }
    await leave(client, guild, connection);
  } finally {
    await client.destroy();
    process.stdin.destroy();
  }
}

function fail(error) {
  log(error.stack);
  say("error", { message: error.message });
  process.exitCode = 1;
}

await main(JSON.parse(process.argv[2])).catch(fail);
