/** The server within the process: what it can do, methods over HTTP, and what its client makes of it. */
import { describe, expect, it } from "vitest";
import { createClient } from "../client/index.js";
import { createServer } from "../index.js";

const server = createServer();
const client = createClient({ fetch: server.fetch, url: "http://localhost" });
const prompt = "Mary and John went to the park . John gave a ball to";

describe("capabilities", () => {
  it("say methods, interventions, tasks, models and limits", async () => {
    const { methods, interventions, tasks, models, limits } = await client.capabilities();
    expect(methods.map(({ name }) => name)).toContain("lens");
    expect(interventions.map(({ type }) => type)).toContain("zeroOut");
    expect(tasks).toContain("ioi");
    expect(models[0]).toMatchObject({ id: "tiny", family: "llama", layers: 4, vocabulary: 507 });
    expect(limits.tokens).toBeGreaterThan(1000);
  });
});

const at = (place: number) => place;

describe("models", () => {
  it.each<[string, object]>([
    ["models that are none", { models: [{}] }],
    ["models with gaps", { models: new Array(1) }],
    ["a model without a name", { models: [{ run: at, trace: at, tokens: at, collectLazily: at }] }],
    ["names that are no texts", { names: [3] }],
    ["roots that are no texts", { roots: [undefined] }],
    ["origins that are no texts", { origins: [Symbol("page")] }],
    ["methods with gaps", { methods: [undefined] }],
    ["a method that cannot run", { methods: [{ name: "mine" }] }],
    ["assets that are a number", { assets: 7 }],
    ["what an agent has not", { agent: { wriet: true } }],
    ["a budget in words", { agent: { budget: { characters: "many" } } }],
  ])("%s are refused when the server is made", (_, options) => {
    expect(() => createServer(options as never)).toThrow(
      expect.objectContaining({ code: "INVALID_ARGUMENT" }),
    );
  }); // biome-ignore format: a table

  it.each([["a word", "8080"], ["nothing", null], ["a port beyond all", 65_536], ["half a port", 0.5], ["no host", { host: 1n }]])("are not listened for at %s", async (_, where) => {
    await expect(server.listen(where as never)).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  }); // biome-ignore format: a table

  it("say how a prompt is fed", async () => {
    const { tokens } = await client.tokens("tiny", "Mary and xyzzy");
    expect(tokens.map(({ text, unknown }) => [text.trim(), unknown])).toEqual(
      expect.arrayContaining([["Mary", false]]),
    );
    expect(tokens.some(({ unknown }) => unknown)).toBe(true);
  });

  it("list their sites", async () => {
    const [site] = await client.sites("tiny", "layers.1.selfAttn.pattern");
    expect(site).toMatchObject({ site: "layers.1.selfAttn.pattern", axes: ["batch", "heads", "query", "key"] }); // biome-ignore format: one line
  });
});

describe("a method", () => {
  it("answers with its result and its blocks, and tells how far it is", async () => {
    const stages: string[] = [];
    const [{ result, blocks }] = await client.run(
      "tiny",
      "lens",
      { input: prompt, options: { topK: 2, answer: "Mary" } },
      { onProgress: ({ stage }) => stages.push(stage) },
    );
    expect(result.grids.answerRank?.axes).toEqual(["layer", "position"]);
    expect(result.grids.answerRank?.values).toBeInstanceOf(Float64Array);
    expect(blocks.map(({ kind }) => kind)).toContain("tokens");
    expect(stages).toContain("lens");
  });

  it("takes a task by name, or its pairs", async () => {
    const named = await client.run("tiny", "task", { input: { task: "ioi", size: 2 } } as never);
    expect(named[0].result.fed.filter(({ role }) => role === "clean")).toHaveLength(2);
  });
});

describe("generation", () => {
  it("comes token by token", async () => {
    const events = [];
    for await (const one of client.generate("tiny", { input: prompt, maxTokens: 3 })) {
      events.push(one);
    }
    expect(events.map(({ event }) => event)).toEqual(["token", "token", "token", "done"]);
    expect(events[0]).toMatchObject({ text: " Mary", position: 14 });
    expect(events[3]).toMatchObject({ text: " Mary. The", stoppedBy: "maxTokens" });
  });

  it("is changed by interventions, which are data", async () => {
    const interventions = { "layers.*": { type: "zeroOut" } };
    const events = client.generate("tiny", { input: prompt, maxTokens: 1, interventions });
    const { value } = await events.next();
    expect(value).toMatchObject({ event: "token" });
    expect(value).not.toMatchObject({ text: " Mary" });
    const code = { "layers.1": "(x) => x" };
    const refused = client.generate("tiny", { input: prompt, interventions: code }).next();
    await expect(refused).rejects.toMatchObject({ problem: { code: "INVALID_INTERVENTION" } });
  });
});

describe("activations", () => {
  it("are given by reference, whole or in ranges", async () => {
    const [saved] = await client.save("tiny", { input: prompt, save: ["layers.1"] });
    expect(saved).toMatchObject({ site: "layers.1", shape: [1, 14, 128], dtype: "float32" });
    const bytes = await client.tensor(saved);
    const header = Number(new DataView(bytes.buffer).getBigUint64(0, true));
    expect(bytes.length).toBe(8 + header + 14 * 128 * 4);
    const part = await server.fetch(
      new Request(`http://localhost${saved.href}`, { headers: { range: "bytes=8-23" } }),
    );
    expect(part.status).toBe(206);
    expect(part.headers.get("content-range")).toBe(`bytes 8-23/${bytes.length}`);
    expect(new Uint8Array(await part.arrayBuffer())).toEqual(bytes.slice(8, 24));
  });
});
