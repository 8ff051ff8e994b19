/** Collections in processes that are killed, at moments nobody chose. */
import { spawn } from "node:child_process";
import { expect, it } from "vitest";
import { fromSources } from "../../../../scripts/lib/from-sources.mjs";
import { contentOf, temporaryFolder } from "../testing/fixtures.js";
import { sequences } from "../testing/small-model.js";
import { openStore } from "./store.js";

const script = new URL("../testing/collect-and-print.ts", import.meta.url);
const count = 240; // 60 passes, a shard every four or so

/**
 * @param passes after so many, and some milliseconds more, the process is killed; never by default
 * @returns what it printed
 */
async function collect(folder: string, passes = Number.POSITIVE_INFINITY): Promise<string> {
  const child = spawn(process.execPath, [await fromSources(script), folder, String(count)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let printed = "";
  child.stdout.on("data", (chunk: Buffer) => {
    printed += chunk.toString();
    if (printed.split("done").length <= passes) return;
    setTimeout(() => child.kill("SIGKILL"), Math.random() * 5);
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", () => resolve(printed));
  });
}

it("a collection that is killed several times has lost nothing and stored nothing twice", async () => {
  const [whole, folder] = [temporaryFolder(), temporaryFolder()];
  const rows = sequences(count).reduce((sum, { length }) => sum + length, 0);
  expect(await collect(whole)).toContain(`complete ${rows}`);
  let killed = 0;
  for (let attempt = 0; attempt < 3; attempt++) {
    const printed = await collect(folder, 1 + Math.floor(Math.random() * 15));
    if (!printed.includes("complete")) killed++;
  }
  expect(killed).toBeGreaterThan(1);
  const last = await collect(folder);
  expect(last).toContain(`complete ${rows}`);
  expect(contentOf(folder)).toEqual(contentOf(whole));
  await using store = await openStore(folder);
  await store.verify();
}, 120_000);
