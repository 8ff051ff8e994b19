/** Several programs that want one folder, and folders that cannot be written: nothing that is listed is ever lost. */
import { spawn, spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { thisWriter } from "@mlxterp/mlx";
import { describe, expect, it } from "vitest";
import { StoreBusyError, StoreExistsError } from "../errors.js";
import { contentOf, temporaryFolder } from "../testing/fixtures.js";
import { sequences, smallModel } from "../testing/small-model.js";
import { collectToDisk } from "./collect-to-disk.js";
import { openStore } from "./store.js";
import { lockFile } from "./store-lock.js";

const model = smallModel();
const dataset = sequences(40);
const options = { save: "layers.0", batchSize: 4, shardBytes: 1500, recheck: false };

const until = async (holds: () => boolean) => {
  while (!holds()) await sleep(2);
};

describe("a second collector of one store", () => {
  it("is refused before it has removed what the first one has listed", async () => {
    const [whole, folder] = [temporaryFolder(), temporaryFolder()];
    await collectToDisk(model, dataset, { ...options, folder: whole });
    let refused = false;
    async function* waiting() {
      for (const [index, prompt] of dataset.entries()) {
        if (index === 24) await until(() => refused);
        yield prompt;
      }
    }
    const first = collectToDisk(model, waiting(), { ...options, folder });
    await until(() => existsSync(join(folder, "shard-000001.safetensors")));
    const second = collectToDisk(model, dataset, { ...options, folder });
    await expect(second).rejects.toBeInstanceOf(StoreBusyError);
    refused = true;
    await first;
    expect(contentOf(folder)).toEqual(contentOf(whole));
    await collectToDisk(model, dataset, { ...options, folder }); // and the lock is free again
    expect(contentOf(folder)).toEqual(contentOf(whole));
  });

  it("waits for nobody who was killed, but for programs it cannot ask", async () => {
    const folder = temporaryFolder();
    const killed = spawnSync(process.execPath, ["-e", ""]).pid;
    const lock = (owner: object) =>
      writeFileSync(join(folder, lockFile), JSON.stringify({ ...owner, id: "x" }));
    lock({ ...thisWriter(), pid: killed });
    await collectToDisk(model, dataset, { ...options, folder });
    lock(thisWriter()); // of a process of the same number, long ago
    await collectToDisk(model, dataset, { ...options, folder });
    const before = contentOf(folder);
    const alive = spawn("sleep", ["60"]);
    try {
      for (const owner of [
        { ...thisWriter(), pid: alive.pid },
        { host: "00000000", pid: killed },
      ]) {
        lock(owner);
        const refused = collectToDisk(model, dataset, { ...options, folder });
        await expect(refused).rejects.toThrow(lockFile);
        expect(contentOf(folder)).toEqual({ ...before, [lockFile]: expect.any(String) });
      }
    } finally {
      alive.kill("SIGKILL");
    }
  });
});

describe("a folder that cannot be used", () => {
  it("is a typed error, whatever stands in its place", async () => {
    const place = temporaryFolder();
    const [file, missing] = [join(place, "file"), join(place, "file", "below")];
    writeFileSync(file, "mine");
    const collecting = (folder: string) => collectToDisk(model, dataset, { ...options, folder });
    await expect(collecting(missing)).rejects.toMatchObject({ code: "FILE_ACCESS" });
    await expect(collecting(file)).rejects.toMatchObject({ code: "FILE_ACCESS" });
    await expect(collecting(join(place, "\0"))).rejects.toMatchObject({ code: "INVALID_ARGUMENT" });
    const manifest = join(place, "store", "manifest.json");
    mkdirSync(manifest, { recursive: true });
    await expect(collecting(join(place, "store"))).rejects.toMatchObject({ code: "FILE_ACCESS" });
    await expect(openStore(join(place, "store"))).rejects.toMatchObject({ code: "FILE_ACCESS" });
  });

  it("is a typed error where there is no room or no permission", async () => {
    if (existsSync("/dev/full")) {
      const folder = temporaryFolder();
      await expect(
        collectToDisk(model, dataset, { ...options, folder: "/dev/full" }),
      ).rejects.toMatchObject({ code: "FILE_ACCESS" });
      expect(readdirSync(folder)).toEqual([]);
    }
    if (process.getuid?.() === 0) return; // root may write anywhere
    const folder = temporaryFolder();
    chmodSync(folder, 0o500);
    await expect(collectToDisk(model, dataset, { ...options, folder })).rejects.toMatchObject({
      code: "FILE_ACCESS",
    });
  });

  it("with other files in it stays as it is, without a lock", async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "thesis.txt"), "mine");
    await expect(collectToDisk(model, dataset, { ...options, folder })).rejects.toBeInstanceOf(
      StoreExistsError,
    );
    expect(readdirSync(folder)).toEqual(["thesis.txt"]);
  });
});
