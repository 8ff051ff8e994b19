/** The tokenizer of the shipped model, with a template for conversations, which it lacks. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadTokenizer, type TextTokenizer } from "../../../packages/mlxterp/src/index.js";
import { root } from "../workspace.js";
import { once } from "./once.js";

const shipped = join(root, "packages/models/weights/tiny");
const template =
  "{% for message in messages %}<bos> {{ message.role }} {{ message.content }}{% endfor %}";

function load(): TextTokenizer {
  const folder = mkdtempSync(join(tmpdir(), "mlxterp-tokenizer-"));
  const settings = JSON.parse(readFileSync(join(shipped, "tokenizer_config.json"), "utf8"));
  const extended = JSON.stringify({ ...settings, chat_template: template });
  copyFileSync(join(shipped, "tokenizer.json"), join(folder, "tokenizer.json"));
  writeFileSync(join(folder, "tokenizer_config.json"), extended);
  const loaded = loadTokenizer(folder);
  rmSync(folder, { recursive: true });
  if (!loaded) throw new Error("the shipped model has lost its tokenizer");
  return loaded;
}

export const shippedTokenizer = once(load);

/** The id of a word that the shipped model knows. */
export function tokenOf(word: string): number {
  const id = shippedTokenizer().tokenToId(word);
  if (id === undefined) throw new Error(`the shipped model does not know ${word}`);
  return id;
}
