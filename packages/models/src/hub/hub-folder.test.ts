/** Folders of a hub on the loopback: only data is fetched, and only from that folder. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../test-support/checkpoints.js";
import { hubId, startHub } from "../test-support/loopback-hub.js";
import { fetchHubFolder } from "./hub-folder.js";

const files = {
  "README.md": Buffer.from("#"),
  "layer_3/width_16k/params.npz": Buffer.from("tensors"),
  "layer_3/width_16k/run.py": Buffer.from("print()"),
  "layer_3/width_65k/params.npz": Buffer.from("others"),
  "scope/hyperparams.json": Buffer.from("{}"),
  "scope/checkpoints/final.safetensors": Buffer.from("more"),
};

it("brings the settings and tensors of one folder, and goes on offline", async () => {
  const hub = await startHub({ files });
  const options = { hubUrl: hub.url, cacheFolder: temporaryFolder() };
  const place = await fetchHubFolder(hubId, { ...options, folder: "layer_3/width_16k" });
  expect(readdirSync(place)).toEqual(["params.npz"]);
  expect(readFileSync(join(place, "params.npz"), "utf8")).toBe("tensors");
  const asked = hub.requests.map(({ path }) => path).filter((path) => path.includes("/resolve/"));
  expect(asked.filter((path) => !path.endsWith("width_16k/params.npz"))).toEqual([]);
  const scope = await fetchHubFolder(hubId, { ...options, folder: "scope/" });
  expect(existsSync(join(scope, "checkpoints/final.safetensors"))).toBe(true);
  await hub.close();
  const offline = { ...options, folder: "layer_3/width_16k", offline: true };
  expect(await fetchHubFolder(hubId, offline)).toBe(place);
  const other = fetchHubFolder(hubId, { ...offline, folder: "layer_3/width_65k" });
  await expect(other).rejects.toMatchObject({ code: "CHECKPOINT_NOT_FOUND" });
});

it("says which folders there are, and refuses paths that lead out", async () => {
  const hub = await startHub({ files });
  const options = { hubUrl: hub.url, cacheFolder: temporaryFolder() };
  await expect(fetchHubFolder(hubId, options)).rejects.toThrow("layer_3, scope");
  for (const folder of ["../other", "a/../../b", "/a/..", "~", "a\\b"]) {
    const outside = fetchHubFolder(hubId, { ...options, folder });
    await expect(outside, folder).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
  }
  const nobody = fetchHubFolder("not an id", options);
  await expect(nobody).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
});
