/** Who is answered: names, pages, tokens. */
import { describe, expect, it } from "vitest";
import { createServer, isLoopback } from "../index.js";
import { refusal, send } from "../testing/request.js";

const server = createServer({ origins: ["http://localhost:5173"] });
const token = "sixteen characters and more";
const closed = createServer({ token, assets: () => new Response("page") });

describe("names", () => {
  it("are texts, not lists that look like one", () => {
    expect(isLoopback("127.0.0.1")).toBe(true);
    for (const host of [["127.0.0.1"], Symbol("host"), undefined]) {
      expect(() => isLoopback(host as never)).toThrow("host: must be a string");
    }
  });

  it.each(["localhost", "LOCALHOST:8017", "127.0.0.1:1", "[::1]:8017"])(
    "%s is answered",
    async (host) => {
      expect(
        (await send(server, "/api/openapi.json", undefined, { headers: { host } })).status,
      ).toBe(200);
    },
  );

  it.each([
    "evil.example",
    "localhost.evil.example",
    "127.0.0.1.nip.io",
    "",
    "localhost:8017:1",
    "10.0.0.1",
  ])('"%s", as a rebound name would have it, is not', async (host) => {
    const response = await send(server, "/api/openapi.json", undefined, { headers: { host } });
    expect(await refusal(response)).toEqual([403, "FORBIDDEN_CALLER"]);
  });
});

describe("pages", () => {
  it.each(["http://localhost", "http://localhost:5173"])("%s may call", async (origin) => {
    expect(
      (await send(server, "/api/openapi.json", undefined, { headers: { origin } })).status,
    ).toBe(200);
  });

  it.each<Record<string, string>>([
    { origin: "http://evil.example" },
    { origin: "null" },
    { origin: "http://localhost.evil.example" },
    { origin: "http://localhost:9999" },
    { "sec-fetch-site": "cross-site" },
  ])("%j may not", async (headers) => {
    const response = await send(server, "/api/openapi.json", undefined, { headers });
    expect(await refusal(response)).toEqual([403, "FORBIDDEN_CALLER"]);
  });

  it("of other sites that were allowed can read, and ask in advance", async () => {
    const headers = { origin: "http://localhost:5173", "access-control-request-method": "POST" };
    const asked = await send(server, "/api/models", undefined, { method: "OPTIONS", headers });
    expect(asked.status).toBe(204);
    expect(asked.headers.get("access-control-allow-origin")).toBe("http://localhost:5173");
    expect(asked.headers.get("access-control-allow-headers")).toContain("x-mlxterp-client");
    const evil = { ...headers, origin: "http://evil.example" };
    const refused = await send(server, "/api/models", undefined, {
      method: "OPTIONS",
      headers: evil,
    });
    expect(refused.headers.has("access-control-allow-origin")).toBe(false);
    expect(await refusal(refused)).toEqual([403, "FORBIDDEN_CALLER"]);
  });

  it("cannot start anything with a form, whose bodies are no JSON", async () => {
    const headers = { "content-type": "text/plain" };
    const body = JSON.stringify({ input: "a" });
    const response = await send(server, "/api/models/tiny/tokens", body, { headers });
    expect(await refusal(response)).toEqual([415, "MEDIA_TYPE"]);
  });
});

describe("tokens", () => {
  it("are asked for by the API, not by the page", async () => {
    expect(await (await send(closed, "/")).text()).toBe("page");
    expect(await refusal(await send(closed, "/api/models"))).toEqual([401, "UNAUTHORIZED"]);
    for (const authorization of [`Bearer ${token}!`, `Basic ${token}`, "Bearer", token]) {
      const response = await send(closed, "/api/models", undefined, { headers: { authorization } });
      expect(await refusal(response)).toEqual([401, "UNAUTHORIZED"]);
    }
    const headers = { authorization: `Bearer ${token}` };
    expect((await send(closed, "/api/models", undefined, { headers })).status).toBe(200);
  });

  it("are needed for any address beyond this machine, and are not short", async () => {
    await expect(server.listen({ host: "0.0.0.0" })).rejects.toThrow("a token is needed");
    expect(() => createServer({ token: "short" })).toThrow("at least 16 characters");
  });
});
