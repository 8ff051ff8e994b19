/** Verbs that serve: until they are interrupted, with the user's own methods, and over standard input and output. */
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { fileURLToPath } from "node:url";
import { createClient } from "@mlxterp/server/client";
import { afterAll, describe, expect, it } from "vitest";
import { invoke } from "../test-support.js";

const folder = mkdtempSync(join(tmpdir(), "mlxterp-serving-"));
afterAll(() => rmSync(folder, { recursive: true }));

const results = fileURLToPath(new URL("../../../../results/src/index.ts", import.meta.url));
const mine = join(folder, "mine.mjs");
writeFileSync(
  mine,
  `import { defineMethod } from ${JSON.stringify(results)};
   import { z } from ${JSON.stringify(import.meta.resolve("zod"))};
   export const quiet = defineMethod({ name: "quiet", title: "Quiet", summary: "Nothing", input: "none", options: z.object({}),
     run: async () => ({ method: "quiet", asked: {}, fed: [], grids: {}, tables: {}, notes: [], provenance: {} }) });`,
);

/** Serves until a use of it ends; what was printed until the address stood there. */
async function served(
  argv: readonly string[],
  use: (url: string, printed: string) => Promise<void>,
) {
  const interruption = new AbortController();
  let printed = "";
  let used: Promise<void> | undefined;
  const onOutput = (text: string) => {
    printed += text;
    const url = /http:\S+/.exec(printed)?.[0];
    if (url && !used) used = use(url, printed).finally(() => interruption.abort());
  };
  const ended = await invoke(argv, { signal: interruption.signal, folder, onOutput });
  await used;
  return ended;
}

describe("mlxterp serve", () => {
  it("answers until it is interrupted, with methods of one's own", async () => {
    const { code } = await served(["--methods", mine, "serve", "--port", "0"], async (url) => {
      const client = createClient({ url });
      const { methods, models } = await client.capabilities();
      expect(methods.map(({ name }) => name)).toEqual(expect.arrayContaining(["lens", "quiet"]));
      expect(models.map(({ id }) => id)).toEqual(["tiny"]);
      expect(
        (await fetch(`${url}/api/models`, { headers: { origin: "http://evil" } })).status,
      ).toBe(403);
    });
    expect(code).toBe(130);
  });

  it("says that a port is taken, and a token that is short", async () => {
    await served(["serve", "--port", "0"], async (url) => {
      const taken = await invoke(["serve", "--port", new URL(url).port]);
      expect(taken).toMatchObject({ code: 2, stderr: expect.stringContaining("is taken") });
    });
    const short = await invoke(["serve", "--port", "0"], { environment: { MLXTERP_TOKEN: "abc" } });
    expect(short).toMatchObject({ code: 2, stderr: expect.stringContaining("16 characters") });
  });
});

describe("mlxterp explore", () => {
  const page = fileURLToPath(
    new URL("../../../../../apps/explorer/dist/index.html", import.meta.url),
  );

  it("serves the page with the model that was asked for, or says how it is built", async () => {
    if (!existsSync(page)) {
      const { code, stderr } = await invoke(["explore", "--port", "0"]);
      expect([code, stderr]).toEqual([2, expect.stringContaining("npm run build")]);
      return;
    }
    await served(["explore", "--port", "0"], async (url) => {
      expect(url).toMatch(/\?model=tiny$/);
      expect(await (await fetch(url)).text()).toContain("mlxterp explorer");
    });
  });
});

describe("mlxterp mcp", () => {
  it("is at /mcp with --http", async () => {
    await served(["mcp", "--http", "--port", "0"], async (url) => {
      expect(url).toMatch(/\/mcp$/);
      expect(
        (await fetch(url, { method: "POST", headers: { origin: "http://evil" } })).status,
      ).toBe(403);
    });
  });

  it("speaks the protocol over its streams, writes nothing else, and ends with its input", async () => {
    const [input, output] = [new PassThrough(), new PassThrough()];
    const ended = invoke(["mcp"], { protocol: { input, output } });
    const clientInfo = { name: "test", version: "1" };
    const params = { protocolVersion: "2025-06-18", capabilities: {}, clientInfo };
    const request = { jsonrpc: "2.0", id: 1, method: "initialize", params };
    input.write(`${JSON.stringify(request)}\n`);
    const [answer] = await once(output, "data");
    expect(JSON.parse(String(answer))).toMatchObject({
      id: 1,
      result: { serverInfo: { name: "mlxterp" } },
    });
    input.end();
    expect(await ended).toEqual({ code: 0, stdout: "", stderr: "" });
  });
});
