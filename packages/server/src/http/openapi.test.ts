/** What the document says is what is answered: the same schemas hold real answers, and every reference leads somewhere. */
import { describe, expect, it } from "vitest";
import type { z } from "zod";
import { createServer } from "../index.js";
import { documentOf, send } from "../testing/request.js";
import {
  answeredSchema,
  capabilitiesSchema,
  generatedSchema,
  modelsSchema,
  problemSchema,
  savedSchema,
  sitesSchema,
  tokensSchema,
} from "../wire/answers.js";

const server = createServer();
const input = "Mary and John";

describe("answers", () => {
  it.each<[string, unknown, z.ZodType]>([
    ["/api/capabilities", undefined, capabilitiesSchema],
    ["/api/models", undefined, modelsSchema],
    ["/api/models/tiny/sites?selector=layers.0", undefined, sitesSchema],
    ["/api/models/tiny/tokens", { input }, tokensSchema],
    ["/api/models/tiny/methods/lens", { input }, answeredSchema],
    [
      "/api/models/tiny/generate",
      { input, maxTokens: 2, options: { alternatives: 2 } },
      generatedSchema,
    ],
    ["/api/models/tiny/run", { input, save: ["layers.0"] }, savedSchema],
    ["/api/models/tiny/methods/lens", { input, options: { topk: 1 } }, problemSchema],
  ])("of %s are as they are documented", async (path, body, schema) => {
    const answer = await (await send(server, path, body)).json();
    expect(schema.safeParse(answer).error).toBeUndefined();
  });

  it("hold JSON Schema as it is written: keys that begin with $ are not marked", async () => {
    const text = await (await send(server, "/api/capabilities")).text();
    expect(text).toContain('"$schema":"https://json-schema.org/draft/2020-12/schema"');
    expect(text).toContain('"$ref":"#/$defs/');
  });

  it("that refuse an option name it, for forms", async () => {
    const body = { input, options: { topK: 0 } };
    const problem = await (await send(server, "/api/models/tiny/methods/lens", body)).json();
    expect(problem).toMatchObject({ status: 422, code: "INVALID_ARGUMENT", field: "topK" });
  });
});

describe("the document", () => {
  it("has a path for every method, no reference into nothing, and one name for each operation", async () => {
    const document = await documentOf(server);
    expect(document.openapi).toMatch(/^3\.1/);
    expect(Object.keys(document.paths)).toContain("/api/models/{id}/methods/patch");
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)];
    const leads = (path: string) =>
      path.split("/").reduce((inside, key) => inside?.[key], document) !== undefined;
    expect(references.filter(([, path]) => !leads(path)).map(([, path]) => path)).toEqual([]);
    expect(references.length).toBeGreaterThan(50);
    const operations: Record<string, { operationId: string }>[] = Object.values(document.paths);
    const names = operations.flatMap((one) =>
      Object.values(one).map(({ operationId }) => operationId),
    );
    expect(new Set(names).size).toBe(names.length);
  });

  it("says which frames streams have", async () => {
    const document = await documentOf(server);
    const { content } = document.paths["/api/models/{id}/generate"].post.responses[200];
    const frames = content["text/event-stream"].schema.oneOf;
    const events = frames.map(
      (one: { properties: { event: { const: string } } }) => one.properties.event.const,
    );
    expect(events).toEqual(["progress", "token", "done", "error"]);
  });
});
