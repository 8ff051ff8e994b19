/** A client of the official SDK drives every tool, over pipes and over HTTP. */
import { PassThrough } from "node:stream";
import { fieldsOf, type Method } from "@mlxterp/results";
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioServerTransport } from "@modelcontextprotocol/server/stdio";
import { afterAll, describe, expect, it } from "vitest";
import { createServer } from "../index.js";
import { toy } from "../testing/toy.js";
import { allMethods } from "../work/all-methods.js";
import { serveAgent } from "./index.js";

const prompt = "Mary and John went to the park . John gave a ball to";
const inputs = { prompts: prompt, none: null } as const;

/** A short pair, with its answers; and, where a method learns from pairs, a few. */
const pair = { clean: "Mary and", corrupted: "John and", answer: "John", wrongAnswer: "Mary" };
const few = { task: "ioi", size: 4 };

/** Fewer runs than a reader would want, where there are many. */
const cheap: Readonly<Record<string, object>> = {
  circuit: { random: 1, fractions: [0.1, 1], minimality: 1, completeness: 1 },
  acdc: { threshold: 1 },
  scan: { top: 1, random: 1 },
  das: { steps: 1, layers: [2], nulls: 1 },
  steer: { layers: [1], nulls: 1 },
  probe: { nulls: 1 },
  weights: { sampleTokens: 10, nulls: 1 },
  heads: { sequences: 1, length: 8 },
  copying: { sequences: 1, length: 8 },
  patchscope: { nulls: 1, target: prompt },
  tokens: { steps: 1, answer: "Mary" },
  causal: { samples: 1, layers: [1] },
  diff: { change: "layers.1.mlp=scale(0.5)" },
  graph: { maxFeatures: 20 },
  turns: { turns: [{ role: "user", start: 0, end: 3 }] },
  "tuned-lens": { steps: 1 },
  erase: { layers: [2], nulls: 0 },
};
const needed: Readonly<Record<string, unknown>> = {
  answer: "Mary",
  heads: [[2, 1]],
  subject: "park",
};

/** Arguments for a method; pairs come with their answers. */
function argumentsOf({ name, input, options }: Method) {
  const required = fieldsOf(options).filter((field) => field.required && field.name in needed);
  const own = required
    .filter((field) => input !== "pairs" || field.name !== "answer")
    .map((field) => [field.name, needed[field.name]]);
  const pairs = ["probe", "das"].includes(name) ? few : { pairs: [pair] };
  const known = new Set(fieldsOf(options).map((field) => field.name));
  const given = Object.entries({ ...Object.fromEntries(own), ...cheap[name] });
  return {
    input: input === "pairs" ? pairs : name === "turns" ? prompt : inputs[input], // a conversation it must have
    options: Object.fromEntries(given.filter(([option]) => known.has(option))),
  };
}

type Content = readonly { readonly type: string; readonly text: string }[];

async function call(client: Client, name: string, given: Record<string, unknown> = {}) {
  const { content, isError = false } = await client.callTool({ name, arguments: given });
  return { isError, text: (content as Content).map(({ text }) => text).join("\n") };
}

describe("over pipes", () => {
  const [toServer, toClient] = [new PassThrough(), new PassThrough()];
  const errors: unknown[] = [];
  const agent = serveAgent({
    methods: [toy],
    input: toServer,
    output: toClient,
    budget: { characters: 4000 },
    onError: (error) => errors.push(error),
  });
  const client = new Client({ name: "test", version: "1" });
  const connected = client.connect(new StdioServerTransport(toClient, toServer));
  afterAll(() => agent.close());

  it("every tool answers within its budget, methods with the schemas they have", async () => {
    await connected;
    const { tools } = await client.listTools();
    const names = tools.map(({ name }) => name);
    const methods = allMethods([toy]);
    expect(names).toEqual(expect.arrayContaining(methods.map(({ name }) => name)));
    expect(tools.every(({ annotations }) => annotations?.readOnlyHint)).toBe(true);
    const lens = tools.find(({ name }) => name === "lens");
    expect(lens?.inputSchema).toMatchObject({
      properties: { options: { properties: { topK: { type: "integer", minimum: 1 } } } },
    });
    const others: Record<string, object> = { read_tokens: { input: prompt }, generate_text: { input: prompt, maxTokens: 2 } }; // biome-ignore format: one table
    const answers: Record<string, unknown> = {};
    for (const name of names) {
      const method = methods.find((one) => one.name === name);
      const given = method ? argumentsOf(method) : (others[name] ?? {});
      const { isError, text } = await call(client, name, { ...given });
      if (isError || text.length > 4100 || text.length < 10) answers[name] = text.slice(0, 500);
    }
    delete answers.list_interventions; // a schema is given whole
    expect(answers).toEqual({});
    expect(errors).toEqual([]);
  });

  it("shows numbers as tables", async () => {
    await connected;
    const { text } = await call(client, "lens", {
      input: "Mary and John",
      options: { layers: [3] },
    });
    expect(text).toMatch(/\| .* \|\n\|---\|/);
  });

  it("adds a picture where one is asked for", async () => {
    await connected;
    const given = { input: "Mary and John", options: { layers: [3] }, picture: true };
    const { content } = await client.callTool({ name: "lens", arguments: given });
    const [, image] = content as unknown as { type: string; data: string; text: string }[];
    if (image.type === "text")
      expect(image.text).toMatch(/^NO_RASTERIZER/); // no font, or no library
    else expect(Buffer.from(image.data, "base64").subarray(1, 4).toString()).toBe("PNG");
  });

  it("refuses with a code and the way out, and loads nothing unasked", async () => {
    await connected;
    const unknown = await call(client, "lens", { input: prompt, options: { topk: 3 } });
    expect(unknown.text).toMatch(/^INVALID_ARGUMENT: .*Did you mean "topK"\?/);
    const code = await call(client, "lens", {
      input: prompt,
      interventions: { "layers.0": "x => x" },
    });
    expect(code.text).toMatch(/^INVALID_INTERVENTION/);
    const other = await call(client, "diff", {
      input: prompt,
      options: { other: "someone/model" },
    });
    expect(other.text).toMatch(/^NOT_FOUND: There is no model/);
    await expect(call(client, "load_model", { source: "someone/model" })).rejects.toThrow(
      "load_model",
    );
    expect([unknown, code, other].every(({ isError }) => isError)).toBe(true);
  });
});

const onError = () => undefined;

it.each<[string, unknown]>([
  ["nothing", undefined],
  ["nobody to hear of errors", {}],
  ["an option that is none", { onError, wriet: true }],
  ["a model that is none", { onError, models: [{}] }],
  ["a method that is none", { onError, methods: [Symbol("mine")] }],
  ["what cannot be read", { onError, input: 3 }],
  ["what cannot be written", { onError, output: {} }],
  ["a budget in words", { onError, budget: { characters: "many" } }],
])("an agent of %s is refused", (_, options) => {
  expect(() => serveAgent(options as never)).toThrow(
    expect.objectContaining({ code: "INVALID_ARGUMENT" }),
  );
});

describe("over HTTP", () => {
  const server = createServer({ agent: { write: true } });
  const listening = server.listen();
  afterAll(async () => (await listening).close());

  it("answers the same tools, and those that load where that is allowed", async () => {
    const { url } = await listening;
    const client = new Client({ name: "test", version: "1" });
    await client.connect(new StreamableHTTPClientTransport(new URL("/mcp", url)));
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain("load_model");
    expect((await call(client, "list_models")).text).toContain("| tiny |");
    const refused = await call(client, "load_model", { source: "/etc" });
    expect(refused.text).toMatch(/^FORBIDDEN_PATH/);
    await client.close();
  });

  it("checks Host and Origin before anything else", async () => {
    const headers = {
      "content-type": "application/json",
      accept: "application/json, text/event-stream",
    };
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" });
    const foreign: Record<string, string>[] = [{ host: "evil.example" }, { origin: "http://evil" }];
    for (const odd of foreign) {
      const request = new Request("http://localhost/mcp", { method: "POST", headers: { ...headers, ...odd }, body }); // biome-ignore format: one line
      expect((await server.fetch(request)).status).toBe(403);
    }
  });
});
