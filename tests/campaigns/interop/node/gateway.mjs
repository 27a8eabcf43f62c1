// The referee of the main gateway and REST: discord.js, as it comes from npm, does what bots do and looks at
// what comes of it.
//
//   node gateway.mjs '{"api_url": "http://127.0.0.1:PORT/api", "token": ...}'
//
// Prints {"check": name, "ok": bool, "detail": ...} for each check; exits with 0 only if all hold.

import { once } from "node:events";

import { Client, Events, GatewayIntentBits } from "discord.js";

import * as components from "./checks/components.mjs";
import * as interactions from "./checks/interactions.mjs";
import * as messages from "./checks/messages.mjs";
import * as moderation from "./checks/moderation.mjs";
import * as resuming from "./checks/resuming.mjs";
import * as threads from "./checks/threads.mjs";
import * as world from "./checks/world.mjs";
import { Person } from "./person.mjs";
import { log } from "./protocol.mjs";

const DEADLINE_MS = 20_000;

async function logIn({ api_url, token }) {
  const client = new Client({
    intents: [GatewayIntentBits.Guilds, GatewayIntentBits.GuildVoiceStates, GatewayIntentBits.GuildMessages],
    rest: { api: api_url },
  });
  client.on(Events.Error, (error) => log(error.stack));
  client.on(Events.Warn, log);
  const ready = once(client, Events.ClientReady, { signal: AbortSignal.timeout(DEADLINE_MS) });
  await client.login(token);
  await ready;
  return client;
}

/** Runs one check, an async function whose name says what must hold; true if it does. */
async function holds(check, client, person) {
  const name = check.name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  try {
    const detail = await within(DEADLINE_MS, check(client, person));
    report(name, true, detail ?? "");
    return true;
  } catch (error) {
    log(error.stack);
    report(name, false, error.message);
    return false;
  }
}

function report(check, ok, detail) {
  process.stdout.write(`${JSON.stringify({ check, ok, detail })}\n`);
}

async function within(milliseconds, promise) {
  const { promise: late, reject } = Promise.withResolvers();
  const timer = setTimeout(
    () => reject(new Error(`took longer than ${milliseconds / 1000} s`)),
    milliseconds,
  );
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function main(config) {
  const client = await logIn(config);
  const person = await Person.named("Ada", "Office", config.api_url);
  let all = true;
  try {
    for (const part of [world, interactions, components, messages, threads, moderation, resuming]) {
      for (const check of part.checks) all = (await holds(check, client, person)) && all;
    }
  } finally {
    await client.destroy();
  }
  return all;
}

try {
  process.exitCode = (await main(JSON.parse(process.argv[2]))) ? 0 : 1;
} catch (error) {
  log(error.stack);
  report("discord.js logs in", false, error.message);
  process.exitCode = 1;
}
