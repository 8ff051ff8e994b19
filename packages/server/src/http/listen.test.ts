/** The server behind a socket: callers who go away, restarts, and hostile bytes. */
import { connect } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { createClient } from "../client/index.js";
import { createServer } from "../index.js";
import { toy, toyRuns } from "../testing/toy.js";

const server = createServer({ methods: [toy] });
const listening = await server.listen();
afterAll(() => listening.close());
const client = createClient<typeof toy>({ url: listening.url });

async function until(holds: () => boolean): Promise<void> {
  for (let turn = 0; turn < 500 && !holds(); turn++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  expect(holds()).toBe(true);
}

describe("a caller who goes away", () => {
  it.each([true, false])("ends the method, with events: %s", async (events) => {
    const before = toyRuns.cancelled;
    const leaving = new AbortController();
    const running = client.run(
      "tiny",
      "toy",
      { input: "a", options: { turns: 10_000 } },
      { signal: leaving.signal, ...(events && { onProgress: () => undefined }) },
    );
    const left = expect(running).rejects.toThrow();
    await until(() => toyRuns.running === 1);
    leaving.abort();
    await left;
    await until(() => toyRuns.running === 0);
    expect(toyRuns.cancelled).toBe(before + 1);
  });

  it("ends generation, so that the device is free", async () => {
    for await (const { event } of client.generate("tiny", { input: "Mary", maxTokens: 2000 })) {
      expect(event).toBe("token");
      break;
    }
    const [{ result }] = await client.run("tiny", "toy", { input: "next" });
    expect(result.method).toBe("toy");
  });
});

describe("a restart", () => {
  it("in the middle of work tells callers, and old references are gone", async () => {
    const old = createServer({ methods: [toy] });
    const first = await old.listen();
    const early = createClient<typeof toy>({ url: first.url });
    const [saved] = await early.save("tiny", { input: "Mary", save: ["layers.0"] });
    const running = early.run("tiny", "toy", { input: "a", options: { turns: 10_000 } });
    const cut = expect(running).rejects.toThrow();
    await until(() => toyRuns.running === 1);
    await first.close();
    await cut;
    await until(() => toyRuns.running === 0);

    const again = createServer({ methods: [toy] });
    const second = await again.listen();
    const late = createClient({ url: second.url });
    await expect(late.tensor(saved)).rejects.toMatchObject({ problem: { status: 410, code: "TENSOR_GONE" } }); // biome-ignore format: one line
    const made = { href: "/api/tensors/none" };
    await expect(late.tensor(made)).rejects.toMatchObject({ problem: { status: 404, code: "NOT_FOUND" } }); // biome-ignore format: one line
    const [kept] = await late.save("tiny", { input: "Mary", save: ["layers.0"] });
    expect((await late.tensor(kept)).length).toBeGreaterThan(512);
    await second.close();
  });
});

describe("bytes that are no request", () => {
  it.each([
    "GET",
    "GET / HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: evil\r\n\r\n",
    "POST /api/models/tiny/tokens HTTP/1.1\r\nHost: localhost\r\nContent-Length: -5\r\n\r\n",
    "POST /api/models HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\nzz",
    `GET /${"a".repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    "GET http://[::bad HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "\0\0\0\0",
  ])("%j leave the server as it was", async (bytes) => {
    const { port, hostname } = new URL(listening.url);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(port), hostname, () => socket.end(bytes));
      socket.on("error", () => undefined);
      socket.on("data", () => undefined);
      socket.on("close", () => resolve());
    });
    expect((await client.models())[0].id).toBe("tiny");
  });
});
