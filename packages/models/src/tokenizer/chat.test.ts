/** Chat templates against transformers, and the tokens of every turn. */
import { afterAll, describe, expect, it } from "vitest";
import {
  chatTokenizerOf,
  expected,
  forgetTokenizers,
  numbers,
  tokenizerOf,
} from "../test-support/tokenizers.js";
import { ChatTemplateError } from "./errors.js";

afterAll(forgetTokenizers);

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

/** What the templates write before and after a message, written down by hand; in all of them what is said is trimmed or as it is. */
const layouts = {
  qwen2_5: (role: string, said: string) => [`<|im_start|>${role}\n`, said, "<|im_end|>\n"],
  llama3: (role: string, said: string, first: boolean) => [
    `${first ? "<|begin_of_text|>" : ""}<|start_header_id|>${role}<|end_header_id|>\n\n`,
    said.trim(),
    "<|eot_id|>",
  ],
  llama2: (role: string, said: string) =>
    role === "user" ? ["<s>[INST] ", said.trim(), " [/INST]"] : [" ", said.trim(), " </s>"],
  gemma: (role: string, said: string, first: boolean) => [
    `${first ? "<bos>" : ""}<start_of_turn>${role === "user" ? role : "model"}\n`,
    said.trim(),
    "<end_of_turn>\n",
  ],
};
const marks = ["user", "end", "im", "s", "|", "<", "]", "INST", "o", "model", "start", "eot_id"];
const whole = ["<|im_end|>", "<|eot_id|>", " [/INST]", "<end_of_turn>\n", "</s>", "<bos>"];
const others = [" two  spaces ", "\n\nline\n", "🙂👩‍👩‍👧é", "a\u0301", "", " ", "\ue000", "0"];

it.each(Object.entries(layouts))("%s finds what was said, whatever that is", (style, layout) => {
  const tokenizer = chatTokenizerOf(style as keyof typeof layouts);
  const system = style === "qwen2_5" ? [{ role: "system", content: "end" }] : [];
  for (const said of [...marks, ...whole, ...others]) {
    const three = ["user", "assistant", "user"].map((role) => ({ role, content: said }));
    const messages = [...system, ...three];
    const { text, ids, turns } = tokenizer.applyChatTemplate(messages);
    const tokens = tokenizer.tokens(text, { addSpecialTokens: false });
    const parts = messages.map(({ role, content }, at) => layout(role, content, at === 0));
    expect(text.startsWith(parts.flat().join(""))).toBe(true);
    for (const [index, [before, own]] of parts.entries()) {
      const start = [...parts.slice(0, index).flat(), before].join("").length;
      const end = start + own.length;
      const has = tokens.flatMap((token, at) =>
        own !== "" && token.end > start && token.start < end ? [at] : [],
      );
      const { content } = turns[index];
      const found = ids.map((_, at) => at).slice(content.start, content.end);
      expect(found, `turn ${index} of ${JSON.stringify(said)}`).toEqual(has);
    }
  }
});

describe("a template that writes thoughts in the last turn only", () => {
  const template = `{% for m in messages %}<|im_start|>{{ m.role }}
{% if loop.last %}<think>
{{ m.content.split('</think>')[0].split('<think>')[-1] if '</think>' in m.content }}</think>
{% endif %}{{ m.content.split('</think>')[-1] }}<|im_end|>
{% endfor %}`;
  const said = ["Hi", "<think>hm</think>Yes", "Yes", "", "ok", "<think>hm</think>Yes"];

  it("has turns that end where the next begins, and the contents it kept", () => {
    const tokenizer = chatTokenizerOf("qwen2_5", template);
    const messages = said.map((content, at) => ({ role: at % 2 ? "assistant" : "user", content }));
    const { ids, turns } = tokenizer.applyChatTemplate(messages);
    const textOf = ({ start, end }: { start: number; end: number }) => tokenizer.decode(ids.slice(start, end)); // biome-ignore format: one line
    const kept = ["Hi", "Yes", "Yes", "", "ok", "<think>\nhm</think>\nYes"];
    expect(turns.map(textOf)).toEqual(
      messages.map(({ role }, at) => `<|im_start|>${role}\n${kept[at]}<|im_end|>\n`),
    );
    expect(turns.slice(0, -1).map(({ content }) => textOf(content))).toEqual(kept.slice(0, -1));
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
