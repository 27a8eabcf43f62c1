// Contender: the receiver of @discordjs/voice. Every person is subscribed to, the Opus streams are drained, nothing
// is decoded. Driven like the other contenders; see contender.py.
import { createRequire } from 'node:module';
import path from 'node:path';
import readline from 'node:readline';

const settings = JSON.parse(process.argv[2]);
const require = createRequire(path.join(settings.packages, 'package.json'));
const { EndBehaviorType, VoiceConnectionStatus, entersState, joinVoiceChannel } = require('@discordjs/voice');

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);
const cpuMicroseconds = () => {
  const usage = process.resourceUsage(); // getrusage(2)
  return usage.userCPUTime + usage.systemCPUTime;
};

let adapter;
let began = 0;
let packets = 0;
let before = { cpu: 0, packets: 0 };

function listen(receiver, userId) {
  if (receiver.subscriptions.has(userId)) return;
  const stream = receiver.subscribe(userId, { end: { behavior: EndBehaviorType.Manual } });
  stream.on('data', () => {
    packets += 1;
    if (packets === 1) say({ event: 'first', ms: performance.now() - began });
  });
  stream.on('error', (error) => { // a packet that it could not open ends the stream
    process.stderr.write(`${error.stack}\n`);
    stream.once('close', () => listen(receiver, userId));
  });
}

async function join() {
  began = performance.now();
  const connection = joinVoiceChannel({
    guildId: settings.guild_id,
    channelId: settings.channel_id,
    selfDeaf: false,
    selfMute: false,
    adapterCreator: (methods) => {
      adapter = methods;
      return {
        sendPayload: (payload) => {
          say(payload);
          return true;
        },
        destroy: () => {},
      };
    },
  });
  connection.on('error', (error) => process.stderr.write(`${error.stack}\n`));
  // Without opcode 5 Discord sends no audio, and only playing would send it.
  connection.on(VoiceConnectionStatus.Ready, () => connection.setSpeaking(true));
  for (const userId of settings.people) listen(connection.receiver, userId);
  await entersState(connection, VoiceConnectionStatus.Ready, 30_000);
  say({ event: 'joined' });
}

for await (const line of readline.createInterface({ input: process.stdin })) {
  const message = JSON.parse(line);
  if (message.t === 'VOICE_STATE_UPDATE') adapter.onVoiceStateUpdate(message.d);
  else if (message.t === 'VOICE_SERVER_UPDATE') adapter.onVoiceServerUpdate(message.d);
  else if (message.do === 'join') {
    join().catch((error) => say({ event: 'error', message: String(error) }));
  } else if (message.do === 'start') {
    say({ event: 'started' });
    before = { cpu: cpuMicroseconds(), packets };
  } else if (message.do === 'stop') {
    say({ event: 'usage', cpu_us: cpuMicroseconds() - before.cpu, packets: packets - before.packets });
  }
}
process.exit(0);
