/** What one request may take. */
import { describe, expect, it } from "vitest";
import { createServer } from "../index.js";
import { refusal, send } from "../testing/request.js";
import { silent, toy, toyRuns } from "../testing/toy.js";

const limits = { count: 5000, bodyBytes: 20_000, tokens: 20, generatedTokens: 4, seconds: 0.05, tensorBytes: 100_000 }; // biome-ignore format: one table
const server = createServer({ methods: [toy, silent], limits });
const of = (name: string) => `/api/models/tiny/${name}`;
const words = (count: number) => Array.from({ length: count }, () => "Mary").join(" ");

describe("limits", () => {
  it.each<[string, string, unknown, number, string]>([
    ["of bodies", of("tokens"), { input: "x".repeat(30_000) }, 413, "LIMIT"],
    ["of tokens", of("tokens"), { input: words(40) }, 413, "LIMIT"],
    [
      "of tokens of all prompts",
      of("methods/lens"),
      { input: [words(12), words(12)] },
      413,
      "LIMIT",
    ],
    ["of characters", of("tokens"), { input: "x".repeat(1500) }, 413, "LIMIT"],
    ["of generated tokens", of("generate"), { input: "Mary", maxTokens: 5 }, 413, "LIMIT"],
    ["of time", of("methods/toy"), { input: "Mary", options: { turns: 1000 } }, 504, "TIME_LIMIT"],
    [
      "of changes",
      of("generate"),
      { input: "Mary", interventions: { "**": Array(500).fill({ type: "scale", factor: 1 }) } },
      413,
      "LIMIT",
    ],
    [
      "of time where nothing is reported",
      of("methods/silent"),
      { input: "Mary", options: { passes: 4000 } },
      504,
      "TIME_LIMIT",
    ],
    [
      "of time between two of a method's own turns",
      of("methods/heads"),
      { input: "Mary and John", options: { nulls: 1000 } },
      504,
      "TIME_LIMIT",
    ],
    [
      "of lists of options",
      of("methods/lens"),
      { input: "Mary", options: { layers: Array(1025).fill(0) } },
      413,
      "LIMIT",
    ],
    [
      "of prompts in options",
      of("methods/ablate"),
      {
        input: "Mary",
        options: { answer: "Mary", heads: [[0, 0]], reference: [words(15), words(15)] },
      },
      413,
      "LIMIT",
    ],
    ["of draws", of("methods/heads"), { input: null, options: { sequences: 1e9 } }, 413, "LIMIT"],
    ["of tensors", of("run"), { input: "Mary and John", save: ["**"] }, 413, "BUDGET_EXCEEDED"],
    [
      "of nesting",
      of("tokens"),
      `{"input":${"[".repeat(500)}${"]".repeat(500)}}`,
      400,
      "INVALID_REQUEST",
    ],
  ])("%s are kept", async (_, path, body, status, code) => {
    expect(await refusal(await send(server, path, body))).toEqual([status, code]);
    expect(toyRuns.running).toBe(0);
  });

  it("of answers are kept", async () => {
    const small = createServer({ limits: { resultBytes: 20_000 } });
    const response = await send(small, of("methods/attention"), { input: words(15) });
    expect(await refusal(response)).toEqual([413, "LIMIT"]);
  });

  it("stop the reading of a body that never ends", async () => {
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 500;
        controller.enqueue(new Uint8Array(500).fill(32));
      },
    });
    const request = new Request("http://localhost/api/models/tiny/tokens", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: endless,
      duplex: "half",
    } as RequestInit);
    expect(await refusal(await server.fetch(request))).toEqual([413, "LIMIT"]);
    expect(pulled).toBeLessThan(25_000);
  });

  it("that do not exist are refused", () => {
    expect(() => createServer({ limits: { token: 3 } as never })).toThrow('Did you mean "tokens"?');
    expect(() => createServer({ limits: { tokens: -1 } })).toThrow("positive");
  });
});
