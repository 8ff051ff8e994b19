/** Dictionaries of a hub by their names there, from a hub on the loopback to the numbers that are printed. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it, vi } from "vitest";
import { commit, hubId, startHub } from "../../../../models/src/test-support/loopback-hub.js";
import { invoke } from "../test-support.js";

const folder = mkdtempSync(join(tmpdir(), "mlxterp-hub-folders-"));
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

const data = fileURLToPath(new URL("../../../../dictionaries/data/", import.meta.url));

/** What ships for tiny, as a repository in which it lies below a folder. */
function repository(): Record<string, Buffer> {
  const below = (name: string, place: string) =>
    readdirSync(join(data, name)).map((file) => [
      `${place}/${file}`,
      readFileSync(join(data, name, file)),
    ]);
  return Object.fromEntries([
    ...below("tiny-dictionary", "layer_2/width_256"),
    ["layer_2/width_256/run.py", Buffer.from("never fetched")],
  ]);
}

it("brings a dictionary of a hub, names it with its commit, and runs the result again", async () => {
  const hub = await startHub({ files: repository() });
  vi.stubEnv("HF_ENDPOINT", hub.url);
  vi.stubEnv("HF_HUB_CACHE", join(folder, "cache"));
  const prompt = "the capital of France is";
  const local = await invoke(["features", prompt, "--json"]);
  const named = `${hubId}/layer_2/width_256`;
  const { code, stdout, stderr } = await invoke(["features", prompt, "--dictionary", named, "--json"]); // biome-ignore format: one call
  expect([code, stderr]).toEqual([0, ""]);
  const [own, theirs] = [local.stdout, stdout].map((text) => JSON.parse(text));
  expect(theirs.grids).toEqual(own.grids);
  expect(theirs.asked.dictionary).toBe(`${hubId}@${commit}/layer_2/width_256`);
  expect(hub.requests.map(({ path }) => path).filter((path) => path.endsWith(".py"))).toEqual([]);
  const file = join(folder, "result.json");
  writeFileSync(file, stdout);
  const again = await invoke(["rerun", file, "--json"]);
  expect(again.code).toBe(0);
  expect(JSON.parse(again.stdout).same).toBe(true);
  await hub.close();
  const offline = await invoke(["features", prompt, "--dictionary", named, "--offline", "--json"]);
  expect(JSON.parse(offline.stdout).grids).toEqual(own.grids);
});

it("says what is neither here nor in the hub, and refuses paths that lead out", async () => {
  const hub = await startHub({ files: repository() });
  vi.stubEnv("HF_ENDPOINT", hub.url);
  vi.stubEnv("HF_HUB_CACHE", join(folder, "empty"));
  const features = (name: string) => invoke(["features", "the", "--dictionary", name]);
  const missing = await features("nobody/nothing/here");
  expect(missing.code).toBe(1);
  expect(missing.stderr).toContain("nobody/nothing");
  for (const name of [`${hubId}/../other`, "../nowhere", "/nowhere"]) {
    const outside = await features(name);
    expect([outside.code, outside.stderr], name).toEqual([1, expect.stringContaining("no such")]);
  }
});
