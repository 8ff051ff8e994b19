/** What comes in through a pipe, what goes out to files and terminals, and what each failure is worth. */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { invoke } from "./test-support.js";

const folder = mkdtempSync(join(tmpdir(), "mlxterp-io-"));
afterAll(() => rmSync(folder, { recursive: true }));
const weights = fileURLToPath(new URL("../../../models/weights/tiny", import.meta.url));

interface Json {
  readonly model: { readonly vocab: Readonly<Record<string, number>> };
}

/** The small model with one file of it changed. */
function variant(name: string, file: string, change: (json: Json) => unknown): string {
  const copy = join(folder, name);
  cpSync(weights, copy, { recursive: true });
  const path = join(copy, file);
  writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, "utf8")))));
  return copy;
}

describe("standard input", () => {
  const fed = async (argv: string[], stdin?: string) =>
    JSON.parse((await invoke([...argv, "--json"], { stdin })).stdout).tokens.pieces;
  const france = ["<bos>", "the", "capital", "of", "France", "is"];

  it("was ignored: now it is the prompt where one is missing, and for -", async () => {
    expect(await fed(["trace"], "the capital of France is\n")).toEqual(france);
    expect(await fed(["trace", "-"], "the capital of France is\r\n")).toEqual(france);
  });

  it("does not stand in for a prompt that is given, and empty is none", async () => {
    expect(await fed(["trace", "Mary"], "the capital")).toEqual(["<bos>", "Mary"]);
    expect((await fed(["trace"], "")).length).toBeGreaterThan(8); // the example
    const { code, stderr } = await invoke(["trace", "-"], { stdin: "\n" });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: "mlxterp trace: Standard input holds no prompt.\n",
    });
  });

  it("is read for a command that can do without a prompt only when it is asked for", async () => {
    const argv = ["sites", "--sites", "layers.0", "--json"];
    expect(JSON.parse((await invoke(argv, { stdin: "Mary" })).stdout).tokens).toBeUndefined();
    const { stdout } = await invoke([...argv, "-"], { stdin: "Mary" });
    expect(JSON.parse(stdout).tokens).toHaveLength(2);
  });

  it("that is no text is refused", async () => {
    const { code, stderr } = await invoke(["trace"], { stdin: new Uint8Array([0xff, 0xfe, 0x41]) });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: "mlxterp trace: Standard input holds no UTF-8 text.\n",
    });
  });
});

describe("words that the vocabulary lacks", () => {
  it("became unknown without a word; now a line says which", async () => {
    const { code, stderr } = await invoke(["trace", "quantum zebra flies to France"]);
    expect(code).toBe(0);
    expect(stderr).toBe(
      'mlxterp trace: the vocabulary lacks 3 of the prompt\'s words, which became <unk>: "quantum", "zebra", "flies".\n',
    );
  });

  it("are not warned of when the text says <unk> itself, or all are known", async () => {
    for (const prompt of ["the <unk> of France", "the capital of France"]) {
      expect((await invoke(["trace", prompt])).stderr).toBe("");
    }
  });
});

describe("--chat", () => {
  it("feeds the prompt as a user's turn, shown token by token", async () => {
    const model = variant("chat", "tokenizer_config.json", (json) => ({
      ...json,
      chat_template:
        "{{ bos_token }}{% for m in messages %}{{ m.role }} gave {{ m.content }} {% endfor %}{% if add_generation_prompt %}to{% endif %}",
    }));
    const { stdout, stderr, code } = await invoke(["trace", "--chat", "Mary", "--model", model]);
    expect({ code, stderr }).toMatchObject({ code: 0 });
    expect(stderr).toContain('"user"'); // which the small vocabulary lacks
    expect(stdout).toContain("Tokens fed (5): <bos> | <unk> | gave | Mary | to");
  });

  it("of a model without a template is a failure that says so", async () => {
    const { code, stderr } = await invoke(["trace", "--chat", "Mary"]);
    expect(code).toBe(1);
    expect(stderr).toContain("has no chat template");
  });
});

describe("loading", () => {
  it("packs, and names what is not there as a failure, not as wrong usage", async () => {
    const plain = await invoke(["trace", "--sites", "output", "--json", "Mary"]);
    const packed = await invoke(["trace", "--sites", "output", "--json", "--quantize", "4:32", "Mary"]); // biome-ignore format: one call
    expect(packed.code).toBe(0);
    expect(JSON.parse(packed.stdout).sites[0].mean).not.toBe(JSON.parse(plain.stdout).sites[0].mean); // biome-ignore format: one call
    const missing = await invoke(["lens", "text", "--model", "./nowhere"], { folder });
    expect(missing.code).toBe(1);
    expect(missing.stderr).toContain('No checkpoint at "./nowhere"');
    const adapter = await invoke(["lens", "--adapter", "./nowhere"], { folder });
    expect(adapter.code).toBe(1);
    expect(adapter.stderr).toContain("nowhere");
  });

  it("asks nobody when it is offline", async () => {
    const { code, stderr } = await invoke(["lens", "a", "--model", "nobody/nothing", "--offline"]);
    expect(code).toBe(1);
    expect(stderr).toContain("Offline mode forbids a download");
  });
});

describe("what a model or a user names", () => {
  let hostile: string;
  const title = "\u001b]0;pwned\u0007\u001b[2J\u202E";
  beforeAll(() => {
    hostile = variant("hostile", "tokenizer.json", (json) => ({
      ...json,
      model: {
        ...json.model,
        vocab: Object.fromEntries(
          Object.entries(json.model.vocab).map(([token, id]) => [token === "the" ? title : token, id]), // biome-ignore format: one entry
        ),
      },
    }));
  });
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
  const sent = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

  const styles = new RegExp(`${"\u001B"}\\[\\d+m`, "g");

  it.each([
    ["generate", "--max-tokens", "12", "Mary and John went to"],
    ["generate", "--max-tokens", "3", "Mary", "--also", "Mary and John", "--alternatives", "400"],
    ["generate", "--max-tokens", "12", "--json", "Mary and John went to"],
    ["lens", "--top-k", "400", "Mary and John"],
    ["trace", "\u001b[31mMary"],
    ["trace", "\u009b31m \u200b\u202e"],
    ["trace", "--sites", "layers.\u001b[2J"],
    ["trace", "--intervene", "layers.0=\u001b[2J()"],
    ["lens", "--answer", "\u001b[2J"],
    ["\u001b[2J"],
    ["lens", "--\u001b[2J"],
    ["lens", "--model", "/no\u001b[31mX", "Mary", "--debug"],
    ["lens", "--out", "\u001b[31mX/y.html"],
  ])("reaches a terminal in no form that it obeys: %j %j %j", async (...argv) => {
    const model = argv.includes("--model") ? [] : ["--model", hostile];
    const all = argv.length > 1 ? [...argv, ...model] : argv;
    const { stdout, stderr } = await invoke(all, { folder });
    expect(stdout + stderr).not.toMatch(sent);
    expect(stdout + stderr).not.toBe("");
    const painted = await invoke(all, { folder, environment: { FORCE_COLOR: "1" } });
    const unpainted = painted.stdout.replace(styles, "");
    expect(unpainted).not.toMatch(sent);
    expect(unpainted).toBe(stdout);
  });
});

describe("--out", () => {
  it("replaced any file unasked; now it needs --force", async () => {
    const own = mkdtempSync(join(folder, "out-"));
    const file = join(own, "notes.txt");
    writeFileSync(file, "precious");
    const argv = [
      "generate",
      "Mary and John went to the",
      "--max-tokens",
      "2",
      "--out",
      "notes.txt",
    ];
    const refused = await invoke(argv, { folder: own });
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toContain("--out notes.txt exists already; --force replaces it.");
    expect(readFileSync(file, "utf8")).toBe("precious");
    expect((await invoke([...argv, "--force"], { folder: own })).code).toBe(0);
    expect(readFileSync(file, "utf8")).toContain("Mary and John went to the");
    expect(readdirSync(own)).toEqual(["notes.txt"]);
  });

  it.each(["html", "txt", "json"])("of generate held no text; now a .%s does", async (ending) => {
    const out = join(mkdtempSync(join(folder, "text-")), `said.${ending}`);
    const argv = ["generate", "the capital of France is", "--max-tokens", "2"];
    const { text } = JSON.parse((await invoke([...argv, "--json"])).stdout);
    const { stdout } = await invoke([...argv, "--out", out]);
    expect(stdout).toContain(out);
    const written = readFileSync(out, "utf8");
    expect(written).toContain(ending === "json" ? JSON.stringify(text) : text.trim());
    if (ending === "json") expect(JSON.parse(written).text).toBe(text);
  });
});

describe("pictures and tables", () => {
  const lens = ["lens", "Mary and John went to the", "--answer", "shop"];

  it.each([
    { argv: lens, says: ["Logit lens of tiny", "Mary", "--answer shop", "weights "] },
    {
      argv: ["generate", "Mary and John", "--max-tokens", "2"],
      says: ["Generation by tiny", "position"],
    },
    { argv: ["sites", "--sites", "layers.0.mlp.*"], says: ["Sites of tiny", "layers.0.mlp"] },
  ])("had no file; now every verb writes them: $argv.0", async ({ argv, says }) => {
    const own = mkdtempSync(join(folder, "pictures-"));
    for (const file of ["seen.svg", "seen.csv"]) {
      expect(await invoke([...argv, "--out", file], { folder: own })).toMatchObject({ code: 0 });
    }
    const svg = readFileSync(join(own, "seen.svg"), "utf8");
    for (const one of says) expect(svg).toContain(one);
    const lines = readFileSync(join(own, "seen.csv"), "utf8").trim().split("\r\n");
    expect(lines.length).toBeGreaterThan(2);
    expect(lines[0]).toMatch(/^(part,)?\w/);
  });

  it("are dark, for paper, and pixels where that is asked", async () => {
    const own = mkdtempSync(join(folder, "looks-"));
    await invoke([...lens, "--out", "dark.svg", "--look", "dark,paper"], { folder: own });
    await invoke([...lens, "--out", "seen.png"], { folder: own });
    expect(readFileSync(join(own, "dark.svg"), "utf8")).toContain("#191c20");
    expect([...readFileSync(join(own, "seen.png")).subarray(1, 4)]).toEqual([0x50, 0x4e, 0x47]);
    const refused = await invoke([...lens, "--out", "x.svg", "--look", "pink"], { folder: own });
    expect(refused).toMatchObject({ code: 2 });
    expect(refused.stderr).toContain("--look takes light, dark, screen, paper");
  });
});

it("prompts of unequal length are told with the first token in which they differ", async () => {
  const pair = ["--clean", "Mary and John gave a ball", "--corrupted", "Mary and gave a ball"];
  const { code, stderr } = await invoke(["patch", ...pair, "--answer", "to"]);
  expect(code).toBe(2);
  expect(stderr).toMatch(
    /differ first at token 3: clean has .*John.*gave.*, corrupted has .*gave.*a/,
  );
});
