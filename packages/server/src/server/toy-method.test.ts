/** A method of a user's own is everywhere, without a line for it: capabilities, OpenAPI, client, tools. */
import { describe, expect, it } from "vitest";
import { createClient } from "../client/index.js";
import { createServer } from "../index.js";
import { documentOf, send } from "../testing/request.js";
import { toy } from "../testing/toy.js";

const server = createServer({ methods: [toy] });
const client = createClient<typeof toy>({ fetch: server.fetch, url: "http://localhost" });

describe("a method of one's own", () => {
  it("is among the capabilities, with the schema of its options", async () => {
    const { methods } = await client.capabilities();
    const found = methods.find(({ name }) => name === "toy");
    expect(found).toMatchObject({ title: "Toy", input: "prompts" });
    expect(found?.options).toMatchObject({
      properties: { turns: { type: "integer", minimum: 0, default: 0 } },
    });
  });

  it("is in the OpenAPI document", async () => {
    const document = await documentOf(server);
    expect(document.paths["/api/models/{id}/methods/toy"].post.operationId).toBe("method_toy");
    const { properties } = document.components.schemas["toy-options"];
    expect(properties.turns.description).toBe("how often it waits");
  });

  it("is typed in the client: its options, and its result", async () => {
    const [{ result, blocks }] = await client.run("tiny", "toy", {
      input: "two words",
      options: { turns: 1 },
    });
    const [first] = result.tables.words.rows; // the toy's own table
    expect(first.word satisfies string).toBe("two");
    expect(blocks.map(({ kind }) => kind)).toEqual(["section"]);
    // @ts-expect-error no such option
    const unknown = client.run("tiny", "toy", { input: "a", options: { turn: 1 } });
    await expect(unknown).rejects.toMatchObject({ problem: { code: "INVALID_ARGUMENT" } });
    // @ts-expect-error no such method
    const other = client.run("tiny", "tou", { input: "a" });
    await expect(other).rejects.toThrow('Did you mean "toy"?');
  });

  it("tells nothing of an error that nobody foresaw, but to who started the server", async () => {
    const seen: unknown[] = [];
    const watched = createServer({ methods: [toy], onError: (error) => seen.push(error) });
    const path = "/api/models/tiny/methods/toy";
    const response = await send(watched, path, { input: "a", options: { fail: true } });
    const text = await response.text();
    expect(response.status).toBe(500);
    expect(text).toContain('"INTERNAL"');
    expect(text).not.toContain("secret");
    expect(seen).toEqual([expect.any(TypeError)]);
  });
});

describe("methods that come along", () => {
  it("have schemas without what only a program can give", async () => {
    const { methods } = await client.capabilities();
    const of = (name: string) => methods.find((one) => one.name === name)?.options;
    expect(JSON.stringify(methods)).not.toContain("x-code");
    expect(of("lens")).toMatchObject({ properties: { translators: { type: "string", reads: "files" } } }); // biome-ignore format: one line
    expect(of("heads")).not.toHaveProperty("properties.detectors");
    expect(of("patch")).toHaveProperty("properties.metric.enum");
  });
});
