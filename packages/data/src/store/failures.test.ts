/** A collection that dies at any single step of its work on the disk loses nothing and stores nothing twice. */
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { thisWriter } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { contentOf, temporaryFolder } from "../testing/fixtures.js";
import { sequences, smallModel } from "../testing/small-model.js";
import { collectInto, collectToDisk } from "./collect-to-disk.js";
import { type StoreFolder, storeFolder } from "./store-folder.js";

const model = smallModel();
const dataset = sequences(24);
const options = { save: "layers.0", batchSize: 4, shardBytes: 1500 };

const { host } = thisWriter();
const killed = `${host}-${spawnSync(process.execPath, ["-e", ""]).pid}`; // a number that is nobody's any more

class Died extends Error {}

/** The moments of one step. */
const moments = ["before", "in the middle of", "after"] as const;
type Moment = (typeof moments)[number];

/** An ordinary folder until the given step; from then on nothing works any more, as after a kill. */
function dyingFolder(path: string, step: number, moment: Moment): StoreFolder {
  const real = storeFolder(path);
  let steps = 0;
  const begin = (name: string) => {
    if (steps < step) return;
    if (steps === step && moment === "after") return;
    if (moment === "in the middle of")
      writeFileSync(join(path, `.incomplete-${killed}-0-${name}`), "half");
    throw new Died();
  };
  const end = () => {
    if (steps++ === step) throw new Died();
  };
  return {
    path,
    open: () => real.open(),
    clean(manifest) {
      begin("clean");
      real.clean(manifest);
      end();
    },
    async writeShard(file, tensors) {
      begin(file);
      const written = await real.writeShard(file, tensors);
      end();
      return written;
    },
    writeManifest(manifest) {
      begin("manifest.json");
      real.writeManifest(manifest);
      end();
    },
    close: () => real.close(), // as the end of a process does, whose lock nobody respects
  };
}

/** @returns whether it died */
async function collectAndDie(folder: string, step: number, moment: Moment): Promise<boolean> {
  const dying = dyingFolder(folder, step, moment);
  try {
    await collectInto(dying, model, dataset, { ...options, folder });
    return false;
  } catch (error) {
    if (error instanceof Died) return true;
    throw error;
  }
}

describe("a collection that dies", () => {
  it.each(moments)("%s any step is continued to the same bits", async (moment) => {
    const whole = temporaryFolder();
    await collectToDisk(model, dataset, { ...options, folder: whole });
    const expected = contentOf(whole);
    const shards = Object.keys(expected).length - 1;
    expect(shards).toBeGreaterThan(1);
    let step = 0;
    for (; ; step++) {
      const folder = temporaryFolder();
      if (!(await collectAndDie(folder, step, moment))) break;
      await collectToDisk(model, dataset, { ...options, folder });
      expect(contentOf(folder), `died ${moment} step ${step}`).toEqual(expected);
    }
    expect(step).toBeGreaterThanOrEqual(1 + 2 * shards); // the first manifest, then a file and a manifest for each shard
  });

  it("again and again comes to the same bits", async () => {
    const [whole, folder] = [temporaryFolder(), temporaryFolder()];
    await collectToDisk(model, dataset, { ...options, folder: whole });
    let deaths = 0;
    while (await collectAndDie(folder, deaths % 4, moments[deaths % 3])) deaths++;
    expect(deaths).toBeGreaterThan(4);
    expect(contentOf(folder)).toEqual(contentOf(whole));
  });
});
