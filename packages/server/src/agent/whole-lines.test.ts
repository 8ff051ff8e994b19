/** Messages that are too long are refused, however they come in pieces; the others pass as they are. */
import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { serveAgent } from "./index.js";
import { wholeLines } from "./whole-lines.js";

/** What passes a limit of 100 bytes, and what is answered. */
function through(text: string, size: number) {
  const answers = new PassThrough();
  const lines = wholeLines(100, answers);
  for (let at = 0; at < text.length; at += size) lines.write(text.slice(at, at + size));
  const read = (stream: PassThrough | typeof lines) => `${stream.read() ?? ""}`;
  return { passed: read(lines), answered: read(answers) };
}

const long = "x".repeat(2000);

describe.each([1, 7, 99, 5000])("in pieces of %i", (size) => {
  it("lines pass, and a long one between them is refused by its number", () => {
    const first = '{"id":1}\n{"id":2}\n';
    const text = `${first}{"method":"a","params":{"id":7,"text":"${long}"},"jsonrpc":"2.0","id":33}\n{"id":4}\n{"id"`;
    const { passed, answered } = through(text, size);
    expect(passed).toBe(`${first}{"id":4}\n`);
    expect(JSON.parse(answered)).toMatchObject({ id: 33, error: { code: -32600 } });
  });

  it("the number may come first, be a text, or be none", () => {
    const answers = [
      `{"jsonrpc":"2.0","id":"a\\"b","params":"${long}"}`,
      `{"id":5,"params":"${long}"}`,
      `{"params":{"id":5,"text":"${long}"}}`,
      long,
    ].map((line) => JSON.parse(through(`${line}\n`, size).answered).id as unknown);
    expect(answers).toEqual(['a"b', 5, null, null]);
  });

  it("a line as long as the limit passes", () => {
    const line = `${"y".repeat(99)}\n`;
    expect(through(line + line, size)).toEqual({ passed: line + line, answered: "" });
  });
});

it("an agent whose message was too long is answered, then and later", async () => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const agent = serveAgent({
    input,
    output,
    limits: { bodyBytes: 2000 },
    onError: () => undefined,
  });
  const answers: Record<string, unknown>[] = [];
  output.on("data", (line) => answers.push(JSON.parse(`${line}`)));
  const send = (message: object) =>
    input.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  const clientInfo = { name: "test", version: "1" };
  const params = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo };
  send({ id: 1, method: "initialize", params });
  send({
    id: 2,
    method: "tools/call",
    params: { name: "read_tokens", arguments: { input: long } },
  });
  send({ id: 3, method: "ping" });
  await expect.poll(() => answers.map(({ id }) => id).sort()).toEqual([1, 2, 3]);
  expect(answers.find(({ id }) => id === 2)).toHaveProperty("error.code", -32600);
  await agent.close();
});

it("an agent that goes without a word ends the service", async () => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const agent = serveAgent({ input, output, onError: () => undefined });
  input.destroy(new Error("gone"));
  await agent.ended;
});
