/** What is read and collected is what was asked for, whatever becomes of the options afterwards; files close by themselves. */
import { readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { collectToMemory } from "./collect/collect-to-memory.js";
import { streamActivations } from "./collect/stream.js";
import { collectToDisk } from "./store/collect-to-disk.js";
import { openStore } from "./store/store.js";
import { temporaryFolder } from "./testing/fixtures.js";
import { sequences, smallModel } from "./testing/small-model.js";

const model = smallModel();
const dataset = sequences(6);

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

it("by streams, collections and batches of a store", async () => {
  const options = () => ({ save: ["layers.0"], positions: [0, -1], batchSize: 2 });
  const spoil = (asked: ReturnType<typeof options>) => {
    asked.save[0] = "layers.1";
    asked.positions.length = 0;
    asked.batchSize = 1;
  };
  const folder = join(temporaryFolder(), "store");
  const ways = [
    async (asked: object) => (await collectToMemory(model, dataset, asked as never)).rows,
    async (asked: object) => {
      const stream = streamActivations(model, dataset, asked as never);
      return (await all(stream)).map(({ rows, activations }) => [rows, Object.keys(activations)]);
    },
    async (asked: object) => {
      const more = Object.assign(asked, { folder });
      return String(await collectToDisk(model, dataset, more as never));
    },
  ].map((way) => (change: (asked: ReturnType<typeof options>) => void) => {
    const asked = options();
    const work = way(asked);
    change(asked);
    return work;
  });
  for (const way of ways) expect(await way(spoil)).toEqual(await way(() => undefined));

  await using store = await openStore(folder);
  const asked = { batchSize: 4, sites: ["layers.0"] };
  const stream = store.batches(asked);
  asked.batchSize = 1;
  asked.sites.length = 0;
  const [first] = await all(stream);
  expect([first.rows.length, Object.keys(first.activations)]).toEqual([4, ["layers.0"]]);
});

it.runIf(process.platform === "linux")("stores that nobody closed keep no file open", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const folder = join(temporaryFolder(), "forgotten");
  await collectToDisk(model, dataset, { folder, save: "layers.0" });
  const open = () =>
    readdirSync("/proc/self/fd").filter((file) => {
      try {
        return readlinkSync(`/proc/self/fd/${file}`).startsWith(folder);
      } catch {
        return false; // the one of the listing itself
      }
    }).length;
  for (let time = 0; time < 5; time++) (await openStore(folder)).read("layers.0", [0]);
  expect(open()).toBeGreaterThan(0);
  const opened = async () => {
    collect();
    return open();
  };
  await expect.poll(opened).toBe(0);
});
