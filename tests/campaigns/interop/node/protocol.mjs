// What every client of the interop run says and how: JSON lines on stdout, logs on stderr.

import { createHash } from "node:crypto";

/** 20 ms of silence, which a client sends when it stops speaking. Source: Discord docs, Voice Connections. */
const SILENCE = Buffer.from([0xf8, 0xff, 0xfe]);

/** False for closing silence, and for what is left of a packet that was nothing but padding. */
export const isSound = (opus) => opus.length > 0 && !SILENCE.equals(opus);

export const fingerprint = (opus) => createHash("sha256").update(opus).digest("hex").slice(0, 16);

export const say = (event, fields = {}) => process.stdout.write(`${JSON.stringify({ event, ...fields })}\n`);

export const log = (line) => process.stderr.write(`${line}\n`);
