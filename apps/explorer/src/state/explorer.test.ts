/** The page's state without a page: what follows what, what is kept, and what a failure leaves. */
import type { Result } from "@mlxterp/results";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Api, MethodRequest, ModelSummary } from "../api/api.js";
import { memoryKeep } from "../timeline/keep.js";
import { Explorer } from "./explorer.js";
import { Here } from "./here.js";

const model: ModelSummary = { id: "tiny", source: "tiny", name: "tiny", family: "llama", layers: 4, heads: 4, hidden: 8, vocabulary: 9, loaded: true, chat: false, notes: [] }; // biome-ignore format: one model
const lens = { name: "lens", title: "Lens", summary: "", input: "prompts", options: { type: "object", properties: {} }, examples: [] } as const; // biome-ignore format: one method
const pairs = { ...lens, name: "patch", title: "Patch", input: "pairs", options: { properties: { answer: { type: "string", description: "the answer" } }, required: ["answer"] } } as const; // biome-ignore format: one method
const result = { method: "lens", grids: {} } as unknown as Result;

let asked: MethodRequest[] = [];
let fail: string | undefined;
let held: Promise<void> | undefined;

/** Every word is a token, whose id is its length; texts begin with a mark. */
const api: Api = {
  capabilities: async () => ({ version: "0", device: "cpu", methods: [pairs, lens], interventions: [], tasks: [], models: [model], limits: {} }) as never, // biome-ignore format: one answer
  load: async (source) => ({ ...model, id: source, source, name: source }),
  tokens: async (_, input) =>
    ["<s>", ...String(input).split(" ")].map((text, position) => ({ id: text.length, text, position, unknown: false })), // biome-ignore format: one answer
  run: async (request) => {
    asked.push(request);
    await held;
    if (fail) throw new Error(fail);
    return [{ result, blocks: [] }];
  },
  async *generate() {
    yield { id: 1, text: "x", position: 0, probability: 1, alternatives: [{ id: 1, text: "x", probability: 1 }] }; // biome-ignore format: one step
  },
  activation: async () => ({ shape: [1, 1, 1], values: Float32Array.of(1) }),
};

const settled = () => vi.waitFor(() => expect(asked.length).toBeGreaterThan(0));
const texts = (explorer: Explorer) => explorer.history.value.lines.map(({ text }) => text);

beforeEach(() => {
  [asked, fail, held] = [[], undefined, undefined];
});

async function started(keep = memoryKeep()): Promise<Explorer> {
  const explorer = new Explorer(api, keep);
  await explorer.start();
  return explorer;
}

describe("the explorer", () => {
  it("begins with a model, a prompt and the first method that needs no more", async () => {
    const explorer = await started();
    expect([explorer.tool.value, explorer.desk.value.model]).toEqual(["lens", "tiny"]);
    await settled();
    expect(asked[0]).toMatchObject({ method: "lens", input: explorer.desk.value.prompt.text });
  });

  it("keeps one line of what is typed and one of the runs that follow it", async () => {
    const explorer = await started();
    await settled();
    for (const text of ["a", "ab", "abc"]) {
      asked = [];
      explorer.act("Write", { prompt: { ...explorer.desk.value.prompt, text } }, "prompt");
      await settled();
    }
    await vi.waitFor(() => expect(texts(explorer)).toEqual(["Lens", "Write", "Lens"]));
    explorer.undo();
    expect(explorer.desk.value.prompt.text).toContain("Mary");
  });

  it("shows the answer of what is on the desk now, however late an older picture comes", async () => {
    let release: () => void = () => undefined;
    held = new Promise((resolve) => {
      release = () => resolve();
    });
    const explorer = await started();
    await settled();
    const place = { part: "mlp", layer: 0 } as const;
    explorer.addChange({ id: "1", on: true, kind: "ablate", place });
    await vi.waitFor(() => expect(explorer.answers.answer.value?.changed).toBeDefined());
    release();
    await new Promise((later) => setTimeout(later, 200));
    expect(explorer.answers.answer.value?.changed).toBeDefined();
  });

  it("feeds token ids where a token is swapped, and refuses what is several", async () => {
    const explorer = await started();
    await vi.waitFor(() => expect(explorer.tokens.value.length).toBeGreaterThan(0));
    const here = new Here(explorer);
    here.at({ position: 2 });
    here.words.value = { ...here.words.value, token: "abcdefgh" };
    await here.act("swap");
    asked = [];
    await explorer.run();
    expect((asked[0].input as readonly number[])[2]).toBe(8);
    here.words.value = { ...here.words.value, token: "two words" };
    await here.act("swap");
    expect(here.problem.value).toContain("2 tokens");
    expect(explorer.desk.value.changes).toHaveLength(1);
  });

  it("says what is missing before it asks, and what the server refuses; the next run takes it away", async () => {
    const explorer = await started();
    await settled();
    explorer.open("patch");
    explorer.fill("patch", { answer: "" });
    asked = [];
    await explorer.run();
    expect([explorer.problem.value, asked.length]).toEqual([expect.stringContaining("answer: is missing"), 0]); // biome-ignore format: one line
    explorer.fill("patch", { answer: "Mary" });
    fail = "refused";
    await explorer.run();
    expect(explorer.problem.value).toBe("refused");
    fail = undefined;
    await explorer.run();
    expect(explorer.problem.value).toBeUndefined();
    expect(asked.at(-1)?.input).toMatchObject({ clean: expect.any(String), corrupted: expect.any(String) }); // biome-ignore format: one line
  });

  it("goes on where it was left, and loses no history of a model that is gone", async () => {
    const keep = memoryKeep();
    const before = await started(keep);
    await vi.waitFor(() => expect(texts(before)).toContain("Lens"));
    await before.load("stories");
    before.act("Write", { prompt: { ...before.desk.value.prompt, text: "a b" } });
    await vi.waitFor(async () => expect(await keep.get("history")).toMatchObject({ held: before.history.value.held })); // biome-ignore format: one line
    const after = await started(keep);
    expect(texts(after)).toEqual([...texts(before), "Open tiny"]);
    expect(after.desk.value).toMatchObject({ model: "tiny", prompt: { text: "a b" } });
    const run = after.history.value.lines.find((line) => line.run)!;
    await after.reopen(run.id);
    expect(after.results.value[run.id]).toHaveLength(1);
  });
});
