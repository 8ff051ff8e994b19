/** A thousand traces in a row: whether the last are as fast as the first, and whether memory stays where it is. */
import { fileURLToPath } from "node:url";
import { evaluate, mx, release } from "@mlxterp/mlx";
import type { LanguageModel } from "@mlxterp/models";
import { runChild } from "./child.js";
import { now } from "./clock.js";
import type { Line } from "./measurement.js";
import { smallNetwork, someTokens } from "./network.js";
import { ratio, summarize } from "./pairs.js";

const traces = 1000;
const edge = 100;
const mebibyte = 2 ** 20;

interface Endurance {
  /** Time of the last hundred / that of the first, each as a multiple of the plain passes between them. */
  readonly slowdown: number;
  /** In MiB, from the end of the first hundred to the end of all; so is the next. */
  readonly resident: number;
  readonly heap: number;
  /** In MiB; only where MLX counts. */
  readonly active: number | null;
}

function memory(): { resident: number; heap: number; active: number } {
  const { rss, heapUsed } = process.memoryUsage();
  const active = mx.metal.isAvailable() ? mx.getActiveMemory() : 0;
  return { resident: rss / mebibyte, heap: heapUsed / mebibyte, active: active / mebibyte };
}

async function measureHere(): Promise<Endurance> {
  const model = smallNetwork();
  const ids = [someTokens(64).map((token) => token % model.anatomy.vocab)];
  const times: Record<"traced" | "plain", number[]> = { traced: [], plain: [] };
  let early = memory();
  for (let count = 0; count < edge + traces; count++) {
    if (count === edge + edge) {
      await release();
      early = memory();
    }
    const start = now();
    await traceOnce(model, ids);
    const middle = now();
    await evaluate([model.forward(ids)]);
    if (count < edge) continue; // they warm up
    times.traced.push(middle - start);
    times.plain.push(now() - middle);
  }
  await release();
  const late = memory();
  const multiple = (from: number, to: number) =>
    ratio(summarize(times.traced.slice(from, to)), summarize(times.plain.slice(from, to)));
  return {
    slowdown: multiple(traces - edge, traces) / multiple(0, edge),
    resident: late.resident - early.resident,
    heap: late.heap - early.heap,
    active: mx.metal.isAvailable() ? late.active - early.active : null,
  };
}

async function traceOnce(model: LanguageModel, ids: number[][]): Promise<void> {
  await using trace = model.trace(ids, { interventions: { "layers.6": (x) => x } });
  trace.saveAll("layers.*", "layers.*.residMid", "output");
}

export async function* endurance(): AsyncGenerator<Line> {
  const measured = JSON.parse(runChild(fileURLToPath(import.meta.url), [])) as Endurance;
  const { slowdown, resident, heap, active } = measured;
  const what = `${traces} traces, 25 saves each`;
  yield { what: `${what}: last 100 / first 100`, value: slowdown.toFixed(3), goal: "≤ 1.05" };
  yield { what: `${what}: growth of resident memory, in MiB`, value: resident.toFixed(1) };
  yield { what: `${what}: growth of the heap of JavaScript, in MiB`, value: heap.toFixed(1) };
  const counted = active?.toFixed(1) ?? "Metal only";
  yield { what: `${what}: growth of MLX's active memory, in MiB`, value: counted };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(JSON.stringify(await measureHere()));
}
