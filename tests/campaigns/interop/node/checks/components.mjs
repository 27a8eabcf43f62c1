// Buttons, menus and modals, on messages that everybody sees and on ephemeral ones.

import assert from "node:assert/strict";
import { once } from "node:events";

import {
  ActionRowBuilder,
  ButtonBuilder,
  ButtonStyle,
  ComponentType,
  Events,
  MessageFlags,
  ModalBuilder,
  StringSelectMenuBuilder,
  TextInputBuilder,
  TextInputStyle,
} from "discord.js";

const row = (...components) => new ActionRowBuilder().addComponents(...components);

const button = (customId, label) =>
  new ButtonBuilder().setCustomId(customId).setLabel(label).setStyle(ButtonStyle.Primary);

/** Posts a message with components in #general, as the control API shows it to the person. */
async function posted(client, person, content, ...rows) {
  const channel = client.channels.cache.get(person.channel("general").id);
  const { id } = await channel.send({ content, components: rows });
  return (await person.sees("general")).find((message) => message.id === id);
}

/** What the person sees after `act`, which brings an interaction that `answer` answers. */
async function used(client, act, answer) {
  const answered = once(client, Events.InteractionCreate).then(async ([interaction]) => {
    await answer(interaction);
  });
  const [seen] = await Promise.all([act(), answered]);
  assert.equal(seen.status, "answered", seen.error);
  return seen;
}

async function asksOnePersonBack(client, person) {
  const panel = await posted(client, person, "Panel", row(button("stop", "Stop")));
  const { messages } = await used(
    client,
    () => person.press(panel, "stop"),
    async (press) => {
      assert.equal(press.isButton(), true);
      assert.equal(press.component.type, ComponentType.Button);
      const components = [row(button("sure", "Sure"))];
      await press.reply({ content: "Sure?", flags: MessageFlags.Ephemeral, components });
    },
  );
  await used(
    client,
    () => person.press(messages[0], "sure"),
    (press) => press.update({ content: "Stopped", components: [] }),
  );
  const last = (await person.sees("general")).at(-1);
  assert.deepEqual([last.content, last.flags, last.components], ["Stopped", MessageFlags.Ephemeral, []]);
}

async function thinksAndFollowsUp(client, person) {
  const panel = await posted(client, person, "Panel", row(button("think", "Think")));
  await used(
    client,
    () => person.press(panel, "think"),
    async (press) => {
      await press.deferUpdate();
      await press.editReply("Thought about it");
    },
  );
  const { messages } = await used(
    client,
    () => person.press(panel, "think"),
    async (press) => {
      await press.deferReply({ flags: MessageFlags.Ephemeral });
      await press.followUp("For you");
    },
  );
  assert.deepEqual([messages[0].content, messages[0].flags], ["For you", MessageFlags.Ephemeral]);
  const [shown] = (await person.sees("general")).filter((message) => message.id === panel.id);
  assert.equal(shown.content, "Thought about it");
}

async function hearsAMenu(client, person) {
  const menu = new StringSelectMenuBuilder()
    .setCustomId("tongue")
    .setPlaceholder("Language")
    .addOptions({ label: "German", value: "de" }, { label: "English", value: "en" });
  const panel = await posted(client, person, "Panel", row(menu));
  await used(
    client,
    () => person.press(panel, "tongue", ["de"]),
    async (choice) => {
      assert.deepEqual(choice.values, ["de"]);
      await choice.update({ content: "German" });
    },
  );
}

async function opensAModal(client, person) {
  const title = new TextInputBuilder()
    .setCustomId("title")
    .setLabel("Title")
    .setStyle(TextInputStyle.Short)
    .setValue("Standup");
  const modal = new ModalBuilder().setCustomId("rename").setTitle("Rename").addComponents(row(title));
  const panel = await posted(client, person, "Panel", row(button("rename", "Rename")));
  const opened = await used(
    client,
    () => person.press(panel, "rename"),
    (press) => press.showModal(modal),
  );
  assert.equal(opened.modal.components[0].components[0].value, "Standup");
  await used(
    client,
    () => person.fillIn(opened, { title: "Planning" }),
    async (submission) => {
      assert.equal(submission.isModalSubmit(), true);
      assert.equal(submission.isFromMessage(), true);
      await submission.update(submission.fields.getTextInputValue("title"));
    },
  );
  const [shown] = (await person.sees("general")).filter((message) => message.id === panel.id);
  assert.equal(shown.content, "Planning");
}

async function isToldWhichComponentIsWrong(client, person) {
  const channel = client.channels.cache.get(person.channel("general").id);
  const same = [row(button("stop", "Stop"), button("stop", "Halt"))];
  await assert.rejects(channel.send({ content: "Panel", components: same }), {
    code: 50035,
    message: /COMPONENT_CUSTOM_ID_DUPLICATED/,
  });
}

export const checks = [
  asksOnePersonBack,
  thinksAndFollowsUp,
  hearsAMenu,
  opensAModal,
  isToldWhichComponentIsWrong,
];
