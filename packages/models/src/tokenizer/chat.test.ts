/** Chat templates against transformers, and the tokens of every turn. */
import { describe, expect, it } from "vitest";
import { chatTokenizerOf, expected, numbers, tokenizerOf } from "../test-support/tokenizers.js";
import { ChatTemplateError } from "./errors.js";

const talk = [
  { role: "user", content: "Hi" },
  { role: "assistant", content: "Hello!" },
  { role: "user", content: "Bye" },
];
const system = { role: "system", content: "Be brief." };

function turnTexts(tokenizer: ReturnType<typeof tokenizerOf>, messages = talk) {
  const { ids, turns } = tokenizer.applyChatTemplate(messages, { addGenerationPrompt: true });
  return turns.map(({ start, end }) => tokenizer.decode(ids.slice(start, end)));
}

describe("a conversation", () => {
  it.each(expected.chats)("is written for $style as transformers writes it", (chat) => {
    const { style, messages, addGenerationPrompt } = chat;
    const written = chatTokenizerOf(style).applyChatTemplate(messages, { addGenerationPrompt });
    expect(written.text).toBe(chat.text);
    expect(written.ids).toEqual(numbers(chat.ids));
    expect(written.turns.map(({ role }) => role)).toEqual(messages.map(({ role }) => role));
  });

  it("has turns that end with the mark that closes them", () => {
    const im = (role: string, text: string) => `<|im_start|>${role}\n${text}<|im_end|>\n`;
    expect(turnTexts(tokenizerOf("qwen2_5"), [system, ...talk])).toEqual([
      im("system", "Be brief."),
      ...talk.map(({ role, content }) => im(role, content)),
    ]);
  });

  it("has turns where the template writes the prompt of an answer unasked", () => {
    const header = (role: string) => `<|start_header_id|>${role}<|end_header_id|>\n\n`;
    expect(turnTexts(tokenizerOf("llama3"))).toEqual([
      `<|begin_of_text|>${header("user")}Hi<|eot_id|>`,
      `${header("assistant")}Hello!<|eot_id|>`,
      `${header("user")}Bye<|eot_id|>`,
    ]);
  });

  it("has turns where the template writes no prompt of an answer", () => {
    const tokenizer = chatTokenizerOf("llama2");
    const { ids, turns } = tokenizer.applyChatTemplate([system, ...talk]);
    const shown = turns.map(({ start, end }) => tokenizer.pieces(ids.slice(start, end)).join(""));
    expect(shown).toEqual([
      "<s> [INST] <<SYS>>\nBe brief.",
      "\n<</SYS>>\n\nHi [/INST]",
      " Hello! </s>",
      "<s> [INST] Bye [/INST]",
    ]);
  });

  it.each(expected.chats.map(({ style }) => style))(
    "tells what was said from what the template writes around it, for %s",
    (style) => {
      const tokenizer = chatTokenizerOf(style);
      const same = [
        { role: "user", content: "user" },
        { role: "assistant", content: "Hello!" },
      ];
      const { ids, turns } = tokenizer.applyChatTemplate(same);
      const [asked, answered] = turns.map(({ content: { start, end } }) => ids.slice(start, end));
      expect(tokenizer.decode(asked).trim()).toBe("user");
      expect(tokenizer.decode(answered).trim()).toMatch(/^Hello!/);
      for (const { start, end, content } of turns) {
        expect(content.start).toBeGreaterThanOrEqual(start);
        expect(content.end).toBeLessThanOrEqual(end);
      }
    },
  );

  it("has turns that divide its tokens", () => {
    const { turns, ids } = chatTokenizerOf("gemma").applyChatTemplate(talk);
    expect(turns.map(({ start }) => start)).toEqual([0, turns[0].end, turns[1].end]);
    expect(turns[2].end).toBe(ids.length);
  });
});

describe("a chat template", () => {
  const named = [
    { name: "default", template: "{{ messages[0].content }}" },
    { name: "loud", template: "{{ messages[0].content | upper }}{{ tail }}" },
  ];

  it("is chosen by name and reads variables", () => {
    const tokenizer = chatTokenizerOf("gpt2", named);
    expect(tokenizer.applyChatTemplate(talk).text).toBe("Hi");
    const options = { template: "loud", variables: { tail: "!" } };
    expect(tokenizer.applyChatTemplate(talk, options).text).toBe("HI!");
    expect(() => tokenizer.applyChatTemplate(talk, { template: "quiet" })).toThrow("default, loud");
  });

  it("keeps what an iteration wrote before its break", () => {
    const breaking = "{% for m in messages %}{{ m.content }}{%- break -%}{% endfor %}";
    expect(chatTokenizerOf("gpt2", breaking).applyChatTemplate(talk).text).toBe("Hi");
  });

  it("may be missing, refuse a conversation, or be no template", () => {
    const write = (given: unknown) => () => chatTokenizerOf("gpt2", given).applyChatTemplate(talk);
    expect(() => tokenizerOf("gpt2").applyChatTemplate(talk)).toThrow(ChatTemplateError);
    expect(write("{{ raise_exception('no') }}")).toThrow(/refuses this conversation: no/);
    expect(write("{% if %}")).toThrow(ChatTemplateError);
  });

  it("refuses what its author refuses", () => {
    const gemma = chatTokenizerOf("gemma");
    expect(() => gemma.applyChatTemplate([system, ...talk])).toThrow("System role not supported");
  });
});
