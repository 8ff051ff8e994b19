/** A program that uses damaged tokenizers and chat templates, with a line for each; it must never die or hang. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MlxterpError } from "@mlxterp/mlx";
import { loadTokenizer, type TextTokenizer } from "../tokenizer/tokenizer.js";
import { changeJson, pick, type Random, randomFrom, written } from "./damage.js";
import { changeTemplate, changeTokenizer } from "./damage-text.js";

const [, , first, count] = process.argv;
const read = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));
const rust = read("../tokenizer/rust-added-tokens.json");
const python = read("../templates/python-renderings.json");
const templates: readonly string[] = python.rows.map(([template]: [string]) => template);
const kinds = Object.entries<{ readonly rows: unknown; readonly model: { vocab: string[] } }>(
  rust.kinds,
);

const special = ["a newword b ", " <x>\n [M] \u00e9 \u{1f642} 12 don't \u6f22 \ufdfa "];
const texts = [
  "",
  "a",
  special.join(""),
  "a".repeat(30_000),
  `${" ".repeat(3000)}b`,
  "\u6f22a1. ".repeat(2000),
];

/** A tokenizer.json of a kind, with two tokens more. */
function tokenizerJson(random: Random): object {
  const [, { rows: _, ...kind }] = pick(random, kinds);
  const { vocab } = kind.model;
  const isList = (kind.model as { readonly type?: string }).type === "Unigram";
  const ids = Object.fromEntries(vocab.map((token, id) => [token, id]));
  const added = ["newword", "[M]"].map((content, index) => ({
    ...{ id: vocab.length + index, content, special: index === 1 },
    ...{ normalized: random() < 0.5, lstrip: random() < 0.5, rstrip: random() < 0.5 },
  }));
  const single = [{ SpecialToken: { id: "x", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }];
  const post = { type: "TemplateProcessing", single, special_tokens: { x: { id: "x", ids: [1] } } };
  const model = { ...kind.model, vocab: isList ? vocab : ids };
  return { ...kind, model, added_tokens: added, post_processor: post };
}

/** Writes the files of a tokenizer, one of them damaged. @returns which */
function write(folder: string, random: Random): string {
  const names = ["tokenizer.json", "tokenizer.json", "chat_template.jinja"];
  const name = random() < 0.1 ? "tokenizer_config.json" : pick(random, names);
  const put = (file: string, text: string) => writeFileSync(join(folder, file), text);
  const json = tokenizerJson(random);
  const template = pick(random, templates);
  const settings = { bos_token: "a", eos_token: { content: "b" }, add_bos_token: true };
  const config = { ...settings, clean_up_tokenization_spaces: true, chat_template: template };
  put("tokenizer.json", written(name === "tokenizer.json" ? changeTokenizer(json, random) : json));
  const changes = name === "tokenizer_config.json";
  put("tokenizer_config.json", written(changes ? changeJson(config, random) : config));
  if (name === "chat_template.jinja") put(name, changeTemplate(template, templates, random));
  return name;
}

function use(tokenizer: TextTokenizer, random: Random): void {
  for (const text of texts) {
    const ids = tokenizer.encode(text);
    tokenizer.decode(ids, { skipSpecialTokens: random() < 0.5 });
    tokenizer.tokens(text.slice(0, 3000));
  }
  tokenizer.pieces([0]);
  const messages = python.messages[pick(random, Object.keys(python.messages))];
  tokenizer.applyChatTemplate(messages, { addGenerationPrompt: true, variables: python.variables });
}

function typed(error: unknown): string {
  const own = MlxterpError.isInstance(error) && "code" in error;
  const place = (error as Error).stack?.split("\n").find((line) => line.includes(" at ")) ?? "";
  return own ? `typed ${error.code}` : `UNTYPED ${String(error).slice(0, 200)} ${place.trim()}`;
}

for (let seed = Number(first); seed < Number(first) + Number(count); seed++) {
  const random = randomFrom(seed);
  const folder = mkdtempSync(join(tmpdir(), "mlxterp-damaged-text-"));
  process.stdout.write(`${seed} ${write(folder, random)}: `);
  let result = "loaded";
  try {
    use(loadTokenizer(folder)!, random);
  } catch (error) {
    result = typed(error).replaceAll("\n", " ");
  }
  rmSync(folder, { recursive: true, force: true });
  process.stdout.write(`${result}\n`);
}
process.stdout.write("end\n");
