/** What holds for every method of this package: results survive JSON, run again, refuse what they do not know; pages say what schemas say. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { LanguageModel, loadModel } from "@mlxterp/models";
import {
  compare,
  fieldsOf,
  type Method,
  type Result,
  resultsFromJson,
  toJson,
} from "@mlxterp/results";
import { describe, expect, it } from "vitest";
import { promptFeatures } from "./features/prompt-features.js";
import { dictionaryMethods } from "./methods.js";

const model = await loadModel("tiny");
const prompts = ["Mary and John went to the park .", "the capital of France is"];
const here = fileURLToPath(new URL(".", import.meta.url));
const read = (path: string) => readFileSync(fileURLToPath(new URL(path, import.meta.url)), "utf8");
const rooms = readdirSync(here).filter((name) => existsSync(`${here}${name}/method.ts`));

const methods: readonly Method[] = dictionaryMethods; // each as any method, not as itself

describe.each(methods.map((method) => [method.name, method] as const))("%s", (name, method) => {
  it("is equal after JSON, and bit for bit when it runs again", async () => {
    const results = [await method.run(model, prompts, {})].flat() as Result[];
    expect(results.flatMap(({ fed }) => fed)).toHaveLength(2);
    for (const result of results) {
      const [stored] = resultsFromJson(toJson(result));
      expect(compare(result, stored)).toBeUndefined();
      expect(method.view(stored)).toEqual(method.view(result));
      const fed = stored.fed.map(({ ids }) => [...ids]);
      const [again] = [await method.run(model, fed, stored.asked as never)].flat() as Result[];
      expect(compare(stored, again)).toBeUndefined();
      const made = { ...result, method: "another" };
      expect(() => method.view(made)).toThrow(`is no result of "${name}"`);
      expect(result.method).toBe(name);
      expect(result.provenance).toMatchObject({ model: "tiny", edits: [] });
    }
  });

  it("refuses what ships for another model, and says what to name instead", async () => {
    const { module, config, tokenizer } = model;
    const other = new LanguageModel(module, { config, tokenizer, name: "someone/else" });
    const asking = method.run(other, prompts[0], {});
    await expect(asking).rejects.toMatchObject({ code: "INVALID_ARGUMENT", value: "tiny" });
    await expect(asking).rejects.toThrow(
      /for the model tiny, and this model is someone\/else\. Name a folder .* Training is in/,
    );
  });

  it("refuses an option that does not exist, and says what every option is", async () => {
    await expect(method.run(model, prompts[0], { nonsense: 1 } as never)).rejects.toThrow(
      "nonsense: there is no such option",
    );
    for (const { description } of fieldsOf(method.options))
      expect(description.length).toBeGreaterThan(3);
  });

  it("has a page that says of every option what the schema says", () => {
    const room = rooms.find((one) => read(`./${one}/method.ts`).includes(`name: "${name}"`));
    const page = read(`./${room}/README.md`);
    expect(page.split("\n")[0]).toBe(`# ${method.title}`);
    expect(page.match(/^```(sh|text|ts)$/gm)).toEqual(["```sh", "```text", "```ts"]);
    expect(page.match(/^## .*$/gm)).toEqual([
      "## Options",
      "## How to read it",
      "## Caveats",
      "## Source",
    ]);
    for (const field of fieldsOf(method.options)) {
      const preset = field.default === undefined ? "–" : `\`${JSON.stringify(field.default)}\``;
      expect(page).toContain(
        `| \`${field.name}\` | ${field.required ? "required" : preset} | ${field.description} |`,
      );
    }
    const list = read("../../../docs/methods/README.md");
    expect(list).toContain(`[${method.title}](../../packages/dictionaries/src/${room}/README.md)`);
    expect(list).toContain(`\`mlxterp ${name}\``);
  });
});

it("regression: features that are on nowhere were on most at the first token, and one token was explained by −∞", async () => {
  const [{ tables, grids, notes }] = await promptFeatures(model, "", { features: [0, 0, 47] });
  const [off, on] = tables.features.rows;
  expect(tables.features.rows).toHaveLength(2); // one that is named twice is shown once
  expect(off).toMatchObject({ feature: 0, position: null, token: null, activation: 0, count: 0 });
  expect(on).toMatchObject({ feature: 47, position: 0, token: "<bos>", count: 1 });
  expect(grids.activation.values).toHaveLength(2);
  expect(tables.quality.rows[0].explained).toBeNull();
  expect(notes).toEqual([]);
  const beyond = promptFeatures(model, prompts[1], { features: [3, 256] });
  await expect(beyond).rejects.toThrow("there are features 0 … 255, not 256");
});
