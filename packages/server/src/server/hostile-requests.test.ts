/**
 * Malformed and hostile requests: every answer is one of ours, nothing crashes, and memory stays where it was. `MLXTERP_FUZZ=10000`
 * sends so many; a few hundred otherwise.
 */
import { fieldsOf } from "@mlxterp/results";
import { expect, it } from "vitest";
import { createServer } from "../index.js";
import { hostileRequest, randomFrom } from "../testing/hostile-requests.js";
import { allMethods } from "../work/all-methods.js";

const count = Number(process.env.MLXTERP_FUZZ ?? 300);
const seed = Number(process.env.MLXTERP_FUZZ_SEED ?? 1);

const unforeseen: unknown[] = [];
const server = createServer({
  downloads: false,
  limits: { seconds: 0.3, tokens: 64, generatedTokens: 3, resultBytes: 4e6, tensorBytes: 4e6 },
  onError: (error) => unforeseen.push(error),
});
const targets = allMethods([]).map(({ name, options }) => ({
  name,
  options: fieldsOf(options).map((field) => field.name),
}));

/** Of what is answered, what is wrong with it; undefined where nothing is. */
function faultOf(status: number, type: string, text: string): string | undefined {
  if (type.startsWith("application/problem+json")) {
    const { code, detail } = JSON.parse(text);
    return typeof code === "string" && code !== "INTERNAL" && detail !== "" ? undefined : text;
  }
  if (status >= 400 && text !== "") return `${status} without a problem`;
  return text.includes('"code":"INTERNAL"') ? text : undefined;
}

it(`answers ${count} of them, each with a result or a code`, { timeout: 3_600_000 }, async () => {
  const random = randomFrom(seed);
  const faults: string[] = [];
  let settled = 0;
  for (let at = 0; at < count; at++) {
    const request = hostileRequest(random, targets);
    const shown = `${request.method} ${request.url} ${request.body ? await request.clone().text() : ""}`;
    const started = performance.now();
    const response = await server.fetch(request);
    const text = await response.text();
    const fault = faultOf(response.status, response.headers.get("content-type") ?? "", text);
    const took = performance.now() - started;
    if (fault)
      faults.push(
        `${shown.slice(0, 400)} → ${fault} ${String((unforeseen.at(-1) as Error)?.stack)}`,
      );
    if (took > 10_000) faults.push(`${shown.slice(0, 400)} took ${took} ms`);
    if (at === Math.floor(count / 3)) settled = memory();
  }
  expect(faults.slice(0, 10)).toEqual([]);
  expect(Object.prototype).not.toHaveProperty("polluted");
  expect(memory() - settled).toBeLessThan(64 * 2 ** 20);
});

function memory(): number {
  globalThis.gc?.();
  return process.memoryUsage().rss;
}
