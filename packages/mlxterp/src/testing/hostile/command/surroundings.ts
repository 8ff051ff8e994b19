/** What a command line finds: a folder with files and models that are right, damaged, or nothing at all. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { invoke } from "../../../cli/test-support.js";

const references = fileURLToPath(new URL("../../../../../models/references/", import.meta.url));

export interface Surroundings {
  readonly folder: string;
  /** Files and folders in it, and some that are not there. */
  readonly files: readonly string[];
  readonly models: readonly string[];
}

/** Names that a terminal would obey, or a shell take apart. */
const red = "\u001b[31mred";

/** Made once for many invocations, which change none of it. */
export async function surroundings(): Promise<Surroundings> {
  const folder = mkdtempSync(join(tmpdir(), "mlxterp-hostile-command-"));
  const write = (name: string, content: string | Uint8Array) => writeFileSync(join(folder, name), content); // biome-ignore format: one call
  const { stdout } = await invoke(["lens", "Mary", "--json"], { folder });
  const pair = {
    clean: "Mary and John",
    corrupted: "John and Mary",
    answer: "to",
    wrongAnswer: "and",
  };
  const contents: Readonly<Record<string, string | Uint8Array>> = {
    "result.json": stdout,
    "cut.json": stdout.slice(0, stdout.length / 2),
    "other-method.json": stdout.replace('"lens"', `"${red}"`),
    "empty.json": "",
    "null.json": "null",
    "deep.json": "[".repeat(50_000),
    "bytes.json": Uint8Array.of(0xff, 0xfe, 0x00, 0x41, 0x80),
    "pairs.json": JSON.stringify([pair]),
    "numbers.json": JSON.stringify([{ ...pair, answer: 7 }, 3]),
    "pairs.csv": 'clean,corrupted,answer,wrongAnswer\n"Mary , and",John and and,to,park\n',
    "open-quote.csv": 'clean,corrupted,answer,wrongAnswer\n"Mary,John,to,park\n',
    "empty.csv": "",
    "chat.json": JSON.stringify([{ role: "user", content: "Mary" }]),
    "chat.jsonl": `{"role":"user","content":"Mary"}\n{"role":`,
    "texts.txt": "Mary and John\nJohn gave a ball\n",
    "bytes.txt": Uint8Array.of(0xc3, 0x28, 0x0a),
    "mine.js": "export const nothing = 1;",
    "broken.js": `throw new Error("${red}\\nsecond line");`,
    [`${red}.json`]: "{}",
  };
  for (const [name, content] of Object.entries(contents)) write(name, content);
  process.chdir(folder);
  symlinkSync("circle.json", join(folder, "circle.json"));
  symlinkSync("nowhere", join(folder, "dangling.json"));
  mkdirSync(join(folder, "folder.json"));
  mkdirSync(join(folder, "out"));
  const models = damagedModels(folder);
  const nowhere = ["nowhere.json", "nowhere.csv", "./nowhere", "", "\0", "a\0b.json", "x".repeat(5000)]; // biome-ignore format: one list
  const special = [
    "folder.json",
    "circle.json",
    "dangling.json",
    "result.json/inside",
    "/dev/null",
  ];
  return { folder, models, files: [...Object.keys(contents), ...special, ...nowhere, ...models] };
}

/** One that is right, and what becomes of it when one file is. */
function damagedModels(folder: string): string[] {
  const original = join(references, "gpt2/base");
  const config = readFileSync(join(original, "config.json"), "utf8");
  const weights = readFileSync(join(original, "model.safetensors"));
  const damages: Readonly<Record<string, readonly [string, string | Uint8Array]>> = {
    right: ["config.json", config],
    "no-config": ["config.json", ""],
    "list-config": ["config.json", "[]"],
    "other-kind": ["config.json", JSON.stringify({ model_type: red })],
    "huge-config": ["config.json", config.replaceAll(/: \d+/g, ": 1e308")],
    "text-config": ["config.json", config.replaceAll(/: \d+/g, ': "many"')],
    "cut-weights": ["model.safetensors", weights.subarray(0, weights.length / 2)],
    "no-weights": ["model.safetensors", new Uint8Array(0)],
    "long-header": ["model.safetensors", new Uint8Array(64).fill(0xff)],
    "bad-tokenizer": ["tokenizer.json", '{"model":{"type":"BPE","vocab":[],"merges":3}}'],
    "bytes-tokenizer": ["tokenizer.json", Uint8Array.of(0xff, 0x00)],
  };
  for (const [name, [file, content]] of Object.entries(damages)) {
    cpSync(original, join(folder, name), { recursive: true });
    writeFileSync(join(folder, name, file), content);
  }
  const unsuited = ["t5/written", "vit/image", "bert/base"].map((name) => join(references, name));
  writeFileSync(join(folder, "some.gguf"), "GGUF\u0003\0\0\0");
  return [...Object.keys(damages), ...unsuited, "some.gguf", "out", "nobody/nothing", "tiny"];
}
