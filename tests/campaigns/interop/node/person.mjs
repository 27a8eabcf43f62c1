// A person in front of the local Discord: acts through its control API and knows what there is to see.

export class Person {
  /** @param world the answer of /sim/world: what a client should come to see */
  constructor(sim, world, user, guild) {
    this.sim = sim;
    this.world = world;
    this.user = user;
    this.guild = guild;
  }

  static async named(name, guildName, apiUrl) {
    const sim = new URL("/sim/", apiUrl);
    const world = await (await fetch(new URL("world", sim))).json();
    const user = world.users.find((one) => one.name === name);
    const guild = world.guilds.find((one) => one.name === guildName);
    return new Person(sim, world, user, guild);
  }

  someoneElse(name) {
    return this.world.users.find((one) => one.name === name);
  }

  channel(name) {
    return this.guild.channels.find((one) => one.name === name);
  }

  /** POSTs to the control API; returns its JSON answer, null for none. */
  async post(path, body) {
    const response = await fetch(new URL(path, this.sim), { method: "POST", body: JSON.stringify(body) });
    const answer = response.status === 204 ? null : await response.json();
    if (!response.ok) throw new Error(`/sim/${path}: ${answer.error}`);
    return answer;
  }

  /** Uses a slash command in #general; returns what the person then sees. */
  async use(command, options = {}) {
    const body = { user_id: this.user.id, channel_id: this.channel("general").id, command, options };
    return this.post("interactions", body);
  }

  /** Is typing the option `focused` of a slash command; returns what the person is offered. */
  async types(command, focused, options = {}) {
    const body = { user_id: this.user.id, channel_id: this.channel("general").id, command, options, focused };
    return this.post("autocomplete", body);
  }

  async press(message, customId) {
    const { id: message_id, channel_id } = message;
    return this.post("interactions", { user_id: this.user.id, channel_id, message_id, custom_id: customId });
  }

  async answers(interactionId) {
    return (await (await fetch(new URL(`interactions/${interactionId}`, this.sim))).json()).messages;
  }
}
