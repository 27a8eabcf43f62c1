// A person in front of the local Discord: acts through its control API and knows what there is to see.

export class Person {
  /** @param world the answer of /sim/world: what a client should come to see */
  constructor(api, sim, world, user, guild) {
    this.api = api;
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
    return new Person(`${apiUrl}/v10`, sim, world, user, guild);
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

  /** Makes a REST request with the person's own token; returns its JSON answer, null for none. */
  async rest(method, path, body = {}) {
    const headers = { Authorization: this.user.token, "Content-Type": "application/json" };
    const response = await fetch(this.api + path, { method, headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${method} ${path}: ${await response.text()}`);
    return response.status === 204 ? null : response.json();
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

  /** Presses a button of a message, or selects `values` in a menu. */
  async press(message, customId, values = []) {
    const { id: message_id, channel_id } = message;
    const body = { user_id: this.user.id, channel_id, message_id, custom_id: customId, values };
    return this.post("interactions", body);
  }

  /** Submits the modal that answered an interaction, with `fields` by custom id. */
  async fillIn(opened, fields) {
    return this.post("interactions", { modal_of: opened.id, fields });
  }

  /** The messages that the person sees in a channel, ephemeral ones included, oldest first. */
  async sees(channelName) {
    const query = new URLSearchParams({ user_id: this.user.id, channel_id: this.channel(channelName).id });
    return (await fetch(new URL(`messages?${query}`, this.sim))).json();
  }

  async answers(interactionId) {
    return (await (await fetch(new URL(`interactions/${interactionId}`, this.sim))).json()).messages;
  }
}
