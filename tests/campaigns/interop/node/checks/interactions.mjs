// A command is registered; a person uses it; the client answers in every way there is.

import assert from "node:assert/strict";
import { once } from "node:events";

import {
  ActionRowBuilder,
  ApplicationIntegrationType,
  AttachmentBuilder,
  ButtonBuilder,
  ButtonStyle,
  EmbedBuilder,
  Events,
  InteractionContextType,
  MessageFlags,
  SlashCommandBuilder,
} from "discord.js";

const command = new SlashCommandBuilder()
  .setName("notes")
  .setDescription("Write notes")
  .setNSFW(false)
  .setContexts(InteractionContextType.Guild)
  .setIntegrationTypes(ApplicationIntegrationType.GuildInstall)
  .addUserOption((option) => option.setName("who").setDescription("Of whom").setRequired(true))
  .addIntegerOption((option) => option.setName("pages").setDescription("How many").setMinValue(1))
  .addStringOption((option) =>
    option.setName("form").setDescription("How").addChoices({ name: "Short", value: "short" }),
  )
  .addStringOption((option) => option.setName("tongue").setDescription("Which language").setAutocomplete(true))
  .addChannelOption((option) => option.setName("where").setDescription("Of which channel"));

/** What the person sees after using the command and `answer` answering it; and what the client got. */
async function used(client, person, answer, options = {}) {
  const received = once(client, Events.InteractionCreate).then(async ([interaction]) => {
    await answer(interaction);
    return interaction;
  });
  const [seen, interaction] = await Promise.all([
    person.use("notes", { who: person.user.id, ...options }),
    received,
  ]);
  assert.equal(seen.status, "answered");
  assert.equal(seen.id, interaction.id);
  return { interaction, messages: await person.answers(interaction.id) };
}

async function registersACommand(client) {
  await client.application.commands.set([command]);
  const [registered] = (await client.application.commands.fetch()).values();
  assert.equal(registered.equals(command.toJSON()), true);
  const again = await client.application.commands.set([command]);
  assert.equal(again.firstKey(), registered.id);
  return `${again.size} command, /${registered.name}`;
}

async function receivesAnInteraction(client, person) {
  const ben = person.someoneElse("Ben");
  const standup = person.channel("Standup");
  const options = { who: ben.id, pages: 2, form: "short", where: standup.id };
  const { interaction } = await used(client, person, (one) => one.reply("Here"), options);
  assert(interaction.isChatInputCommand() && interaction.inCachedGuild());
  assert.equal(interaction.commandName, "notes");
  assert.equal(interaction.user.id, person.user.id);
  assert.equal(interaction.member.id, person.user.id);
  assert.equal(interaction.guildId, person.guild.id);
  assert.equal(interaction.channel.name, "general");
  assert.equal(interaction.options.getUser("who").id, ben.id);
  assert.equal(interaction.options.getMember("who").displayName, ben.name);
  assert.equal(interaction.options.getInteger("pages"), 2);
  assert.equal(interaction.options.getString("form"), "short");
  assert.equal(interaction.options.getChannel("where").id, standup.id);
  assert.equal(interaction.memberPermissions.has("SendMessages"), true);
}

async function replies(client, person) {
  const embed = new EmbedBuilder()
    .setTitle("Notes")
    .setDescription("Nothing said")
    .addFields({ name: "Who", value: "Ben" });
  const { messages } = await used(client, person, async (interaction) => {
    const { resource } = await interaction.reply({ content: "Here", embeds: [embed], withResponse: true });
    assert.equal(resource.message.content, "Here");
    assert.equal((await interaction.fetchReply()).id, resource.message.id);
  });
  assert.equal(messages.length, 1);
  assert.equal(messages[0].embeds[0].fields[0].value, "Ben");
  assert.equal(messages[0].author.id, client.user.id);
}

async function defersAndEdits(client, person) {
  const { messages } = await used(client, person, async (interaction) => {
    await interaction.deferReply();
    await interaction.editReply("Done at last");
  });
  assert.deepEqual(
    messages.map(({ content, flags }) => [content, flags]),
    [["Done at last", 0]],
  );
}

async function followsUpWithAFile(client, person) {
  const { messages } = await used(client, person, async (interaction) => {
    await interaction.reply("Here");
    const file = new AttachmentBuilder(Buffer.from("so sprach Ada – ja"), { name: "transcript.md" });
    const embeds = [new EmbedBuilder().setTitle("Transcript")];
    await interaction.followUp({ content: "All of it", files: [file], embeds });
  });
  assert.equal(messages.length, 2);
  const [{ url, filename }] = messages[1].attachments;
  assert.equal(filename, "transcript.md");
  assert.equal(await (await fetch(url)).text(), "so sprach Ada – ja");
  assert.equal(messages[1].embeds[0].title, "Transcript");
}

async function whispers(client, person) {
  const { interaction, messages } = await used(client, person, async (one) => {
    await one.reply({ content: "Only for you", flags: MessageFlags.Ephemeral });
    await one.editReply("Still only for you");
  });
  assert.deepEqual(
    messages.map(({ content, flags }) => [content, flags]),
    [["Still only for you", MessageFlags.Ephemeral]],
  );
  const listed = await interaction.channel.messages.fetch({ limit: 50, cache: false });
  assert.equal(listed.has(messages[0].id), false);
  await interaction.deleteReply();
  assert.deepEqual(await person.answers(interaction.id), []);
}

async function hearsAButton(client, person) {
  const button = new ButtonBuilder()
    .setCustomId("consent")
    .setLabel("Record me")
    .setStyle(ButtonStyle.Primary);
  const { interaction, messages } = await used(client, person, (one) =>
    one.reply({ content: "May I?", components: [new ActionRowBuilder().addComponents(button)] }),
  );
  const question = await interaction.fetchReply();
  const pressed = question.awaitMessageComponent({ time: 5000 }).then(async (press) => {
    assert.equal(press.message.id, question.id);
    await press.update({ content: "Recording", components: [] });
  });
  await Promise.all([pressed, person.press(messages[0], "consent")]);
  const after = await question.fetch(true);
  assert.deepEqual([after.content, after.components.length], ["Recording", 0]);
}

async function completesAnOption(client, person) {
  const completed = once(client, Events.InteractionCreate).then(async ([interaction]) => {
    assert.equal(interaction.isAutocomplete(), true);
    assert.deepEqual(interaction.options.getFocused(true).name, "tongue");
    assert.equal(interaction.options.getFocused(), "Ger");
    assert.equal(interaction.options.getInteger("pages"), 2);
    await interaction.respond([{ name: "German", value: "de" }]);
  });
  const [seen] = await Promise.all([person.types("notes", "tongue", { tongue: "Ger", pages: 2 }), completed]);
  assert.deepEqual([seen.status, seen.choices], ["answered", [{ name: "German", value: "de" }]]);
}

async function mayAnswerOnlyOnce(client, person) {
  await used(client, person, async (interaction) => {
    await interaction.reply("Here");
    const again = client.rest.post(`/interactions/${interaction.id}/${interaction.token}/callback`, {
      auth: false,
      body: { type: 4, data: { content: "Here again" } },
    });
    await assert.rejects(again, { code: 40060 });
  });
}

export const checks = [
  registersACommand,
  receivesAnInteraction,
  replies,
  defersAndEdits,
  followsUpWithAFile,
  whispers,
  hearsAButton,
  completesAnOption,
  mayAnswerOnlyOnce,
];
