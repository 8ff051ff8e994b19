/** The tokenizer.json files of five styles, with what the Rust tokenizers make of hostile texts. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readJsonFile } from "../checkpoint/files/json-file.js";
import { createChatWriter } from "../tokenizer/chat.js";
import { readSettings } from "../tokenizer/settings.js";
import { loadTokenizer, type TextTokenizer } from "../tokenizer/tokenizer.js";
import { temporaryFolder } from "./checkpoints.js";

export const styles = ["gpt2", "llama2", "llama3", "qwen2_5", "gemma"] as const;
export type Style = (typeof styles)[number];

/** Numbers are separated by spaces. */
interface RustEncoding {
  readonly ids: string;
  /** Start and end of every token in the text, without the marks around it, in UTF-16 units. */
  readonly spans: string;
  /** Where it is not the text. */
  readonly decoded?: string;
}

interface RustChat {
  readonly style: Style;
  readonly messages: { readonly role: string; readonly content: string }[];
  readonly addGenerationPrompt: boolean;
  readonly text: string;
  readonly ids: string;
}

interface RustEncodings {
  readonly texts: Readonly<Record<string, string>>;
  readonly styles: Readonly<Record<Style, Readonly<Record<string, RustEncoding>>>>;
  readonly templates: Readonly<Partial<Record<Style, string>>>;
  readonly chats: readonly RustChat[];
}

/**
 * Made with Python's `tokenizers` and `transformers` (versions in the file) from the files of the packages
 * `@lenml/tokenizer-*`: `encode(text).ids`; `decode(ids, skip_special_tokens=False)`; the offsets of `encode` with the
 * post-processor removed, which would trim spaces off them; and `apply_chat_template`, with the templates that Llama 2
 * and Gemma publish with their weights.
 */
export const expected = readJsonFile(
  fileURLToPath(new URL("../tokenizer/rust-encodings.json", import.meta.url)),
) as RustEncodings;

export const numbers = (text: string) => (text === "" ? [] : text.split(" ").map(Number));

/** Where the files of a style lie. */
export const folderOf = (style: Style) =>
  fileURLToPath(new URL(`../../node_modules/@lenml/tokenizer-${style}/models`, import.meta.url));

const loaded = new Map<Style, TextTokenizer>();

/** Loaded once: the larger vocabularies take seconds. */
export function tokenizerOf(style: Style): TextTokenizer {
  const tokenizer = loaded.get(style) ?? loadTokenizer(folderOf(style))!;
  loaded.set(style, tokenizer);
  return tokenizer;
}

const loadedForChat = new Map<unknown, TextTokenizer>();

/** For the end of a file: they take 200 MB, through which every full collection of the files after it would have to go. */
export function forgetTokenizers(): void {
  loaded.clear();
  loadedForChat.clear();
}

/** The tokenizer with its own chat template or, where it has none, the published one. */
export function chatTokenizerOf(style: Style, chatTemplate: unknown = expected.templates[style]) {
  if (chatTemplate === undefined) return tokenizerOf(style);
  const tokenizer = loadedForChat.get(chatTemplate) ?? withTemplate(style, chatTemplate);
  loadedForChat.set(chatTemplate, tokenizer);
  return tokenizer;
}

/** As `loadTokenizer` would have it; the vocabulary is not read once more for each template. */
function withTemplate(style: Style, chatTemplate: unknown): TextTokenizer {
  const config = readJsonFile(join(folderOf(style), "tokenizer_config.json")) as object;
  const folder = temporaryFolder();
  const settings = JSON.stringify({ ...config, chat_template: chatTemplate });
  writeFileSync(join(folder, "tokenizer_config.json"), settings);
  const tokenizer = tokenizerOf(style);
  const applyChatTemplate = createChatWriter(readSettings(folder), tokenizer.tokens);
  return { ...tokenizer, applyChatTemplate };
}
