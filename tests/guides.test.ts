/** The guides of docs/contributing, followed literally in a copy: what they add works, and touches as few files as they say. */
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { copyWorkspace, runInCopy, touchedSources } from "./support/copied-workspace.js";
import { followGuide } from "./support/follow-guide.js";
import { root } from "./support/workspace.js";

/** What the command prints, with what the guides added. */
const commands = `
import { invoke } from "./packages/mlxterp/src/cli/test-support.ts";
const prompt = ["--tokens", "5,6,7"];
const trace = ["trace", ...prompt, "--json", "--sites"];
const output = async (...argv) => {
  const { stdout, stderr } = await invoke(argv);
  return stdout + stderr;
};
export const help = await output("help");
export const page = await output("help", "norm");
export const picture = await output("norm", ...prompt);
export const norm = JSON.parse(await output("norm", ...prompt, "--layers", "-1", "--json"));
export const traced = JSON.parse(await output(...trace, "layers.3"));
export const rounded = JSON.parse(
  await output(...trace, "layers.1", "--intervene", "layers.1=roundTo(2)"),
);`;

/** An activation that was rounded as JSON says. */
const jsonForm = `
import { loadModel, parseInterventions, roundTo, toJSON } from "./packages/mlxterp/src/index.ts";
const model = await loadModel("tiny");
export const data = { "layers.1": toJSON(roundTo(2)) };
const interventions = parseInterventions(JSON.parse(JSON.stringify(data)));
const cache = await model.run([[5, 6, 7]], { save: "layers.1", interventions });
export const values = cache.get("layers.1").tolist().flat(2);`;

/** relu(u)² is relu(u)·u, which a gated MLP computes whose gate is its other projection: Llama says what is right. */
const family = `
import { readFileSync, writeFileSync } from "node:fs";
import { loadModel, mx } from "./packages/mlxterp/src/index.ts";
const config = JSON.parse(readFileSync("base/config.json", "utf8"));
const weights = Object.entries(mx.load("base/model.safetensors"));
const others = weights.filter(([name]) => !name.includes("gate_proj"));
const gates = others
  .filter(([name]) => name.includes("up_proj"))
  .map(([name, value]) => [name.replace("up_proj", "gate_proj"), value]);
const logitsOf = async (folder, tensors, fields) => {
  mx.saveSafetensors(folder + "/model.safetensors", Object.fromEntries(tensors));
  writeFileSync(folder + "/config.json", JSON.stringify({ ...config, ...fields }));
  return (await (await loadModel("./" + folder)).run([[3, 1, 4, 1, 5]])).get("output");
};
const expected = await logitsOf("llama", [...others, ...gates], { hidden_act: "relu" });
const ours = await logitsOf("mine", others, { model_type: "mine", hidden_act: "relu2" });
const largest = (array) => Number(mx.max(mx.abs(array)).item());
export const size = largest(expected);
export const difference = largest(mx.subtract(ours, expected));`;

let folder: string;
let results: Record<string, ReturnType<typeof JSON.parse>>;

beforeAll(async () => {
  folder = copyWorkspace();
  for (const subject of ["a-method", "an-intervention", "a-family"])
    followGuide(`add-${subject}.md`, folder);
  const base = join(root, "packages/models/references/llama/base");
  for (const copy of ["base", "llama", "mine"])
    cpSync(base, join(folder, copy), { recursive: true });
  results = await runInCopy(folder, { commands, jsonForm, family });
}, 120_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("a method is five files and a line, an intervention two and two lines, a family one and a line", () => {
  const room = (name: string) => `packages/analysis/src/residual-norm/${name}.ts`;
  expect(touchedSources(folder)).toEqual([
    "packages/analysis/src/methods.ts",
    ...["method", "options", "residual-norm", "result", "view"].map(room),
    "packages/interventions/src/built-in/built-in.ts",
    "packages/interventions/src/index.ts",
    "packages/interventions/src/round-to/round-to.test.ts",
    "packages/interventions/src/round-to/round-to.ts",
    "packages/models/src/families/mine/family.ts",
    "packages/models/src/families/registered.ts",
  ]);
});

it("the method has its verb, its help, its picture and its numbers", () => {
  const { help, page, picture, norm, traced } = results.commands;
  expect(help).toMatch(/^ +norm +Norms: how large/m);
  expect(page).toMatch(/--layers.+\s.*negative from the last/);
  expect(picture).toContain("How large the residual stream is");
  const { labels, values } = norm.grids.norm;
  expect(labels.layer).toEqual([3]);
  expect(values.$float32[2]).toBeCloseTo(traced.sites[0].lastNorm, 3);
});

it("the intervention has its text form and its JSON form", () => {
  const [{ minimum, maximum }] = results.commands.rounded.sites;
  const { data, values } = results.jsonForm;
  expect(data).toEqual({ "layers.1": { type: "roundTo", step: 2 } });
  expect(values.filter((value: number) => value % 2 !== 0)).toEqual([]);
  expect([Math.min(...values), Math.max(...values)]).toEqual([minimum, maximum]);
  expect(maximum - minimum).toBeGreaterThan(2);
});

it("the family computes what a Llama of the same function computes", () => {
  const { size, difference } = results.family;
  expect(size).toBeGreaterThan(0.1);
  expect(difference).toBeLessThan(1e-5 * size);
});
