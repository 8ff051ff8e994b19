/** Verbs that are read off methods: stored results run again, and methods of a user's own. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { invoke } from "./test-support.js";

const folder = mkdtempSync(join(tmpdir(), "mlxterp-methods-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("rerun", () => {
  it.each([
    ["lens", "--answer", "Mary", "--positions", "-1,0"],
    ["patch", "--kinds", "residual,head", "--direction", "noising"],
    ["ablate", "--heads", "2.1,-1.0"],
    ["heads", "--sequences", "2", "--seed", "5"],
  ])("gives the numbers of %s again", async (verb, ...rest) => {
    await invoke([verb, ...rest, "--out", `${verb}.json`], { folder });
    const { code, stdout, stderr } = await invoke(["rerun", `${verb}.json`], { folder });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toContain("the same numbers, bit for bit");
  });

  it.each([["crosscoder", "--sites", "layers.1"], ["diff"], ["similarity", "--nulls", "0"]])(
    "regression: the second model of %s was taken for a function",
    async (verb, ...rest) => {
      const asked = [verb, "Mary and John", ...rest, "--other", "tiny", "--out", `${verb}.json`];
      expect(await invoke(asked, { folder })).toMatchObject({ code: 0, stderr: "" });
      for (const named of [[], ["--other", "tiny"]]) {
        const { code, stdout } = await invoke(["rerun", `${verb}.json`, ...named], { folder });
        expect({ code, stdout }).toEqual({
          code: 0,
          stdout: expect.stringContaining("bit for bit"),
        });
      }
    },
  );

  it("says where other numbers begin, with exit code 1", async () => {
    await invoke(["attribute", "--out", "attribute.json"], { folder });
    const text = readFileSync(join(folder, "attribute.json"), "utf8");
    const stored = JSON.parse(text);
    stored.tables.prompts.rows[0].total += 1;
    writeFileSync(join(folder, "changed.json"), JSON.stringify(stored));
    const { code, stdout } = await invoke(["rerun", "changed.json"], { folder });
    expect(code).toBe(1);
    expect(stdout).toContain("tables.prompts.rows[0].total");
  });

  it("refuses what is no result", async () => {
    writeFileSync(join(folder, "none.json"), "{}");
    const { code, stderr } = await invoke(["rerun", "none.json"], { folder });
    expect(code).toBe(2);
    expect(stderr).toContain("does not say which method made it");
  });
});

describe("a method of one's own", () => {
  const results = fileURLToPath(new URL("../../../results/src/index.ts", import.meta.url));
  const zod = import.meta.resolve("zod");
  const source = `
    import { createTable, defineMethod, text } from ${JSON.stringify(results)};
    import { z } from ${JSON.stringify(zod)};
    export const loudness = defineMethod({
      name: "loudness", title: "Loudness", summary: "How large the residual stream is", input: "prompts",
      options: z.object({ layer: z.int().min(0).default(0).describe("which layer") }),
      async run(model, prompt, { layer = 0 }) {
        const cache = await model.run(prompt, { save: \`layers.\${layer}\` });
        const norm = Number(cache.last(\`layers.\${layer}\`).square().sum().sqrt().item());
        const fed = cache.tokens.ids.map((ids) => ({ role: "prompt", ids: [...ids], pieces: model.tokenizer.pieces(ids) }));
        const tables = { loudness: createTable(["norm"], [{ norm }]) };
        const provenance = { model: model.name, device: "cpu", edits: [], versions: {}, time: new Date().toISOString() };
        return { method: "loudness", asked: { layer }, fed, grids: {}, tables, notes: [], provenance };
      },
      view: ({ tables }) => [text(\`The norm is \${tables.loudness.rows[0].norm}.\`)],
    });`;
  const file = join(folder, "mine.mjs");
  writeFileSync(file, source);
  const mine = ["--methods", file];

  it("has help, data, a report, and runs again", async () => {
    const help = await invoke([...mine, "help", "loudness"]);
    expect(help.stdout).toContain("--layer <n>");
    expect(help.stdout).toContain("which layer; default 0");
    const shown = await invoke([...mine, "loudness", "Mary and John", "--layer", "2"]);
    expect(shown).toMatchObject({ code: 0, stderr: "" });
    expect(shown.stdout).toMatch(/The norm is \d/);
    await invoke([...mine, "loudness", "Mary", "--out", "mine.json"], { folder });
    const again = await invoke([...mine, "rerun", "mine.json"], { folder });
    expect(again.stdout).toContain("bit for bit");
    await invoke([...mine, "loudness", "Mary", "--out", "mine.html"], { folder });
    expect(readFileSync(join(folder, "mine.html"), "utf8")).toContain("The norm is");
  });

  it("is named before the verb, and may not take another's name", async () => {
    expect((await invoke(["loudness"])).stderr).toContain('There is no command "loudness"');
    const taken = join(folder, "taken.mjs");
    writeFileSync(taken, source.replace('name: "loudness"', 'name: "lens"'));
    expect((await invoke(["--methods", taken, "lens"])).stderr).toContain('"lens" is taken');
    const hidden = join(folder, "hidden.mjs");
    writeFileSync(hidden, source.replace("layer: z.int()", "tokens: z.int()"));
    expect((await invoke(["--methods", hidden, "loudness", "Mary"])).stderr).toContain(
      'The method "loudness" has an option that is --tokens',
    );
    const empty = join(folder, "empty.mjs");
    writeFileSync(empty, "export const x = 1;");
    expect((await invoke(["--methods", empty, "x"])).stderr).toContain("exports no method");
  });
});

it("regression: options called tokens could not be given beside a prompt, which --tokens is too", async () => {
  const prompt = "the capital of France is";
  const few = ["features", prompt, "--top", "1", "--tokens-each", "1", "--json"];
  const { tables } = JSON.parse((await invoke(few)).stdout);
  expect(tables.features.rows[0].promotes.split(" ")).toHaveLength(1);
  const ids = await invoke(["features", "--tokens", "5,6,7", "--json"]);
  expect(JSON.parse(ids.stdout).fed[0].ids).toEqual([5, 6, 7]);
});

it("regression: an option called C was ---c, and a record of functions was asked for as a text", async () => {
  const { stdout: probe } = await invoke(["probe", "--help"]);
  expect(probe).toContain("  --c <n>");
  expect(probe).not.toContain("---");
  const { stdout: heads } = await invoke(["heads", "--help"]);
  expect(heads).not.toContain("--detectors");
  expect(heads.replace(/\s+/g, " ")).toContain("on the query's own; default none");
  const { stderr } = await invoke(["heads", "--detectors", "back"]);
  expect(stderr).toContain("There is no option --detectors");
});

it("warns of an answer whose words the vocabulary lacks", async () => {
  const { stderr } = await invoke(["lens", "the capital of France is", "--answer", "Zanzibar"]);
  expect(stderr).toContain(`1 of the answer's words, which became <unk>: "Zanzibar"`);
});
