/** A hub that means harm, or has lost its way: every scenario ends soon, with an error of ours, and with nothing outside of the cache. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { basename, join } from "node:path";
import { inspect } from "node:util";
import { gzipSync } from "node:zlib";
import { MlxterpError, thisWriter } from "@mlxterp/mlx";
import { describe, expect, it, onTestFinished } from "vitest";
import { HubError, loadModel } from "../index.js";
import { temporaryFolder } from "../test-support/checkpoints.js";
import {
  commit,
  gitHash,
  type HubBehaviour,
  hubId,
  sha,
  startHub,
} from "../test-support/loopback-hub.js";
import { fetchHubFolder } from "./hub-folder.js";
import { fetchHubModel, type HubOptions } from "./hub-model.js";

const token = "hf_SecretTokenOfSomebody0123456789+/";
const weights = "model.safetensors";
type Entry = Record<string, unknown>;

/** Changes one entry of the listing. */
const changed = (path: string, change: Entry): HubBehaviour => ({
  list: (entries) =>
    entries.map((entry) => (entry.path === path ? { ...entry, ...change } : entry)),
});
const answerTo = (
  part: string,
  answer: (response: ServerResponse, authorization: string) => void,
): HubBehaviour => ({
  answer: (request, response, path) => {
    if (!path.includes(part)) return false;
    answer(response, String(request.headers.authorization));
    return true;
  },
});
const text = (part: string, content: string | Buffer, status = 200, headers = {}) =>
  answerTo(part, (response) => response.writeHead(status, headers).end(content));

/** Sends a byte now and then, for ever. */
function drip(response: ServerResponse, head: string, milliseconds = 20): void {
  response.write(head);
  const timer = setInterval(() => response.write(" "), milliseconds);
  response.on("close", () => clearInterval(timer));
}

const outside = "../../../../outside";
const scenarios: Record<string, HubBehaviour> = {
  "a commit that is a path": { commit: outside },
  "a commit that is an absolute path": { commit: "/tmp/outside" },
  "a commit of other digits": { commit: "g".repeat(40) },
  "a commit in capitals": { commit: "A".repeat(40) },
  "a commit with a line break": { commit: `${commit}\n` },
  "a commit that is too short": { commit: "0123" },
  "a commit that is a number": { commit: 7 },
  "a commit that is a list": { commit: [commit] },
  "no commit": { commit: undefined },
  "a hash that is a path": changed("config.json", { oid: outside }),
  "a hash that is the folder above": changed("config.json", { oid: ".." }),
  "a hash with a NUL": changed("config.json", { oid: `${"0".repeat(39)}\0` }),
  "a hash that is an object": changed("config.json", { oid: { length: 40 } }),
  "a hash of a large file that is a path": changed(weights, { lfs: { oid: outside, size: 1 } }),
  "a hash of a large file of another kind": changed(weights, { lfs: { oid: "0".repeat(40) } }),
  "large-file facts that are text": changed(weights, { lfs: "here" }),
  "a wrong hash": changed("config.json", { oid: "0".repeat(40) }),
  "a wrong hash of a large file": changed(weights, { lfs: { oid: "0".repeat(64), size: 1 } }),
  "a negative size": changed(weights, { size: -1 }),
  "a broken size": changed(weights, { size: 0.5 }),
  "a size that is text": changed(weights, { size: "1000" }),
  "a size beyond every disk": changed(weights, { size: 2 ** 60 }),
  "a configuration of a terabyte": changed("config.json", { size: 2 ** 40 }),
  "a listing that is an object": { list: () => ({ path: "config.json" }) },
  "a listing of nulls": { list: () => [null, 1, "x", []] },
  "a listing of nothing": { list: () => [] },
  "a listing that is deep": text("/tree/", "[".repeat(100_000) + "]".repeat(100_000)),
  "a listing that is no JSON": text("/tree/", "<html>"),
  "a listing that ends early": text("/tree/", '[{"path": "config.j'),
  "a listing that is no text": text("/tree/", Buffer.from([0xff, 0xfe, 0x80])),
  "a listing that is a bomb when unpacked": text(
    "/tree/",
    gzipSync(Buffer.alloc(2 ** 26, " ")),
    200,
    {
      "content-encoding": "gzip",
    },
  ),
  "a listing packed wrongly": text("/tree/", "not packed", 200, { "content-encoding": "gzip" }),
  "a listing in a circle": {
    listHeaders: ({ url, headers }) => ({ link: `<http://${headers.host}${url}>; rel="next"` }),
  },
  "a listing without end": {
    listHeaders: ({ headers }) => ({
      link: `<http://${headers.host}/api/models/${hubId}/tree/x?cursor=${Math.random()}>; rel="next"`,
    }),
  },
  "a next page on another port": {
    listHeaders: () => ({ link: `<http://127.0.0.1:9/api?cursor=1>; rel="next"` }),
  },
  "a next page by another scheme": {
    listHeaders: ({ headers }) => ({ link: `<https://${headers.host}/api?cursor=1>; rel="next"` }),
  },
  "a next page under another name of the host": {
    listHeaders: ({ headers }) => {
      const port = String(headers.host).split(":")[1];
      return { link: `<http://localhost:${port}/api?cursor=1>; rel="next"` };
    },
  },
  "redirects in a circle": answerTo("/api/", (response) =>
    response.writeHead(302, { location: `/api/models/${hubId}/again` }).end(),
  ),
  "a redirect to nowhere": answerTo("/resolve/", (response) =>
    response.writeHead(302, { location: "gopher://nowhere" }).end(),
  ),
  "headers without end": answerTo("/api/", (response) =>
    response.writeHead(200, { big: "x".repeat(100_000) }).end("{}"),
  ),
  "no answer": answerTo("/api/", () => undefined),
  "no answer for a file": answerTo(`/${weights}`, () => undefined),
  "a listing in drops": answerTo("/tree/", (response) => drip(response, "[")),
  "a file in drops": answerTo(`/${weights}`, (response) => drip(response, "x")),
  "an answer that is no HTTP": answerTo("/api/", (response) =>
    response.socket?.end("nonsense\r\n\r\n"),
  ),
  "a status that is none": text("/api/", "{}", 999),
  "an answer without content": text("/api/", "", 204),
  "a wrong range": answerTo(`/${weights}`, (response) =>
    response.writeHead(206, { "content-range": "bytes 5-9/10" }).end("12345"),
  ),
  "a range that is text": answerTo(`/${weights}`, (response) =>
    response.writeHead(206, { "content-range": "bytes all/of it" }).end("12345"),
  ),
  "no file behind the listing": answerTo(`/${weights}`, (response) =>
    response.writeHead(404).end(),
  ),
  "a configuration that is a list": {
    files: { "config.json": Buffer.from("[[]]"), [weights]: Buffer.alloc(9) },
  },
  "an index of shards elsewhere": {
    files: {
      "config.json": Buffer.from("{}"),
      [`${weights}.index.json`]: Buffer.from(JSON.stringify({ weight_map: { a: outside } })),
    },
  },
  "an index of shards that are not there": {
    files: {
      "config.json": Buffer.from("{}"),
      [`${weights}.index.json`]: Buffer.from(
        JSON.stringify({ weight_map: { a: "a.safetensors" } }),
      ),
    },
  },
};

async function failureOf(behaviour: HubBehaviour, options: HubOptions = {}) {
  const hub = await startHub(behaviour);
  const place = temporaryFolder();
  const cacheFolder = join(place, "a", "b", "cache");
  mkdirSync(cacheFolder, { recursive: true });
  const start = performance.now();
  const error = await loadModel(hubId, {
    ...{ hubUrl: hub.url, cacheFolder, accessToken: token },
    ...{ retries: { attempts: 3, delay: 1 }, silence: 150, ...options },
  }).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return { error, place, cacheFolder, hub, milliseconds: performance.now() - start };
}

describe("a hub with", () => {
  it.each(Object.entries(scenarios))(
    "%s is an error, soon, and does no harm",
    async (_, hostile) => {
      const { error, place, milliseconds } = await failureOf(hostile);
      expect(MlxterpError.isInstance(error), inspect(error)).toBe(true);
      expect(milliseconds).toBeLessThan(5000);
      expect(inspect(error, { depth: 20, showHidden: true })).not.toContain(token);
      expect(readdirSync(place).filter((name) => name !== "a")).toEqual([]);
      expect(readdirSync(join(place, "a"))).toEqual(["b"]);
    },
  );

  it("its own way of echoing the token does not get it into an error", async () => {
    const echoes: ((authorization: string) => string)[] = [
      (given) => given,
      encodeURIComponent,
      (given) => Buffer.from(given).toString("base64"),
      (given) => Buffer.from(given).toString("hex"),
      (given) => JSON.stringify({ error: given, errors: [{ message: given }] }),
    ];
    const parts = ["Secret", Buffer.from(token.slice(6)).toString("base64").slice(4, 16)];
    for (const [index, echo] of echoes.entries()) {
      for (const status of [200, 400, 401, 403, 404, 418]) {
        const { error } = await failureOf(
          answerTo("/api/", (response, given) => {
            response.writeHead(status, {
              "content-type": "application/json",
              "x-error-message": echo(given),
            });
            response.end(echo(given));
          }),
        );
        const shown = inspect(error, { depth: 20, showHidden: true });
        for (const part of parts) expect(shown, `${index} ${status}`).not.toContain(part);
      }
    }
  });

  it("a failure that quotes the token shows it in no form", async () => {
    for (const form of [
      token,
      encodeURIComponent(token),
      Buffer.from(`x${token}`).toString("base64"),
    ]) {
      const failing = () =>
        Promise.reject(new TypeError(`cannot send ${form}`, { cause: new Error(form) }));
      const { error } = await failureOf({}, { fetch: failing });
      expect(inspect(error, { depth: 20 })).not.toContain(form.slice(8, 30));
    }
    for (const accessToken of ["two words", "a\nb"]) {
      const { error } = await failureOf({}, { accessToken });
      expect(error).toMatchObject({ code: "INVALID_ARGUMENT" });
      expect(inspect(error)).not.toContain(accessToken);
    }
  });
});

describe("the token", () => {
  async function otherHost(): Promise<{ url: string; seen: (string | undefined)[] }> {
    const seen: (string | undefined)[] = [];
    const server = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.end("[]");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
  }

  it("does not go to the host of a next page, nor is that asked", async () => {
    const other = await otherHost();
    const next = `<${other.url}/api/models/${hubId}/tree/x?cursor=1>; rel="next"`;
    const { error } = await failureOf({ listHeaders: () => ({ link: next }) });
    expect(error).toBeInstanceOf(HubError);
    expect(other.seen).toEqual([]);
  });

  it("does not go along with a redirect", async () => {
    const other = await otherHost();
    for (const part of ["/api/", "/tree/", "/resolve/"]) {
      const { error } = await failureOf(
        answerTo(part, (response) => response.writeHead(302, { location: `${other.url}/x` }).end()),
      );
      expect(MlxterpError.isInstance(error)).toBe(true);
    }
    expect(other.seen.length).toBeGreaterThan(2);
    expect(other.seen.filter((given) => given !== undefined)).toEqual([]);
  });
});

describe("what is asked of a hub", () => {
  it("has no revision that is a path, and no address with a password", async () => {
    for (const revision of [
      "../x",
      "/x",
      "a/../b",
      "a\\b",
      "c:x",
      "a//b",
      "",
      "x\0",
      "nul",
      "a.",
    ]) {
      const { error, hub } = await failureOf({}, { revision });
      expect(error, revision).toMatchObject({ code: "INVALID_ARGUMENT" });
      expect(hub.requests).toEqual([]);
    }
    for (const hubUrl of ["ftp://hub", "http://user:secret@hub", "hub", "http://hub?x=1", ""]) {
      const { error } = await failureOf({}, { hubUrl });
      expect(error, hubUrl).toMatchObject({ code: "INVALID_ARGUMENT" });
      expect(inspect(error)).not.toContain("secret@");
    }
    const { error } = await failureOf({}, { revision: "refs/pr/1" });
    expect(error).toBeUndefined();
  });
});

describe("a cache", () => {
  const repository = (cacheFolder: string) => join(cacheFolder, "models--someone--small-llama");

  it("whose folders are links to other places is not written through", async () => {
    for (const name of ["blobs", "refs", "snapshots", `snapshots/${commit}`]) {
      const [hub, place, cacheFolder] = [await startHub(), temporaryFolder(), temporaryFolder()];
      mkdirSync(join(repository(cacheFolder), name, ".."), { recursive: true });
      symlinkSync(place, join(repository(cacheFolder), name));
      const loading = fetchHubModel(hubId, { hubUrl: hub.url, cacheFolder });
      await expect(loading, name).rejects.toThrow("out of the cache");
      expect(readdirSync(place)).toEqual([]);
    }
  });

  it("whose beginning of a file is a link is not written through", async () => {
    const [hub, place, cacheFolder] = [await startHub(), temporaryFolder(), temporaryFolder()];
    const precious = join(place, "precious");
    writeFileSync(precious, "mine");
    const blobs = join(repository(cacheFolder), "blobs");
    mkdirSync(blobs, { recursive: true });
    symlinkSync(precious, join(blobs, `${sha("sha256", hub.files[weights])}.incomplete`));
    await fetchHubModel(hubId, { hubUrl: hub.url, cacheFolder });
    expect(readFileSync(precious, "utf8")).toBe("mine");
  });

  it("with a damaged file of the right size fetches it again, and refuses it offline", async () => {
    const [hub, cacheFolder] = [await startHub(), temporaryFolder()];
    const options = { hubUrl: hub.url, cacheFolder };
    const folder = await fetchHubModel(hubId, options);
    const revisions = ["main", commit];
    for (const file of [weights, "config.json"]) {
      for (const revision of revisions) {
        const blob = realpathSync(join(folder, file));
        const data = Buffer.from(hub.files[file]);
        data[data.length - 2] ^= 1;
        writeFileSync(blob, data);
        const offline = fetchHubModel(hubId, { ...options, revision, offline: true });
        await expect(offline).rejects.toMatchObject({
          code: "CORRUPT_CHECKPOINT",
          file: expect.stringContaining(file),
        });
        await fetchHubModel(hubId, { ...options, revision });
        expect(readFileSync(join(folder, file)).equals(hub.files[file])).toBe(true);
        await fetchHubModel(hubId, { ...options, revision, offline: true });
      }
    }
  });

  it("reads large files again when they have changed, or when that is asked for", async () => {
    const large = Buffer.alloc(2 ** 24 + 1, 7);
    const files = { "config.json": Buffer.from("{}"), [weights]: large };
    const [hub, cacheFolder] = [await startHub({ files }), temporaryFolder()];
    const options = { hubUrl: hub.url, cacheFolder };
    const folder = await fetchHubModel(hubId, options);
    const blob = realpathSync(join(folder, weights));
    const note = join(repository(cacheFolder), ".checked", basename(blob));
    expect(readFileSync(note, "utf8")).toContain(`${large.length} bytes`);
    const damaged = Buffer.from(large);
    damaged[5] ^= 1;
    utimesSync(blob, 1000, 1000);
    await fetchHubModel(hubId, { ...options, offline: true }); // read and noted with its new time
    expect(readFileSync(note, "utf8")).toContain("1000000");
    writeFileSync(blob, damaged);
    utimesSync(blob, 1000, 1000); // as a disk that forgets
    await fetchHubModel(hubId, { ...options, offline: true });
    await expect(fetchHubModel(hubId, { ...options, offline: true, verify: true })).rejects.toThrow(
      "hash differs",
    );
    await fetchHubModel(hubId, { ...options, verify: true });
    expect(createHash("sha256").update(readFileSync(blob)).digest("hex")).toBe(basename(blob));
  });

  it("goes on with what a killed process had begun, and leaves alone what another is at", async () => {
    const [hub, cacheFolder] = [await startHub(), temporaryFolder()];
    const blobs = join(repository(cacheFolder), "blobs");
    mkdirSync(blobs, { recursive: true });
    const hash = sha("sha256", hub.files[weights]);
    const elsewhere = join(blobs, `${hash}.00000000-1-0.incomplete`);
    writeFileSync(elsewhere, hub.files[weights].subarray(0, 10));
    writeFileSync(join(blobs, `${hash}.incomplete`), hub.files[weights].subarray(0, 1234));
    await fetchHubModel(hubId, { hubUrl: hub.url, cacheFolder });
    expect(hub.weightRanges()).toEqual(["bytes=1234-"]);
    expect(existsSync(elsewhere)).toBe(true);
  });

  it("is rid of what killed processes had begun once a file is whole", async () => {
    const [hub, cacheFolder] = [await startHub(), temporaryFolder()];
    const blobs = join(repository(cacheFolder), "blobs");
    mkdirSync(blobs, { recursive: true });
    const { host } = thisWriter();
    const ended = spawnSync(process.execPath, ["-e", ""]).pid;
    for (const [number, file] of [weights, weights, "config.json"].entries()) {
      const data = hub.files[file];
      const hash = file === weights ? sha("sha256", data) : gitHash(data);
      writeFileSync(
        join(blobs, `${hash}.${host}-${ended}-${number}.incomplete`),
        data.subarray(0, 9),
      );
    }
    await fetchHubModel(hubId, { hubUrl: hub.url, cacheFolder });
    expect(readdirSync(blobs).filter((name) => name.includes("incomplete"))).toEqual([]);
  });

  it.skipIf(!existsSync("/dev/zero"))(
    "whose note of a branch never ends is asked anew",
    async () => {
      const [hub, cacheFolder] = [await startHub(), temporaryFolder()];
      const refs = join(repository(cacheFolder), "refs");
      mkdirSync(refs, { recursive: true });
      symlinkSync("/dev/zero", join(refs, "main"));
      await fetchHubModel(hubId, { hubUrl: hub.url, cacheFolder });
      expect(readFileSync(join(refs, "main"), "utf8")).toBe(commit);
    },
  );

  it("keeps files apart whose paths differ in a slash, with a hub that names no hashes", async () => {
    const files = {
      "checkpoints/x.json": Buffer.from('{"a":1}'),
      "checkpoints-x.json": Buffer.from('{"b":2}'),
    };
    const list = (entries: Entry[]) => entries.map(({ oid: _, ...entry }) => entry);
    const [hub, cacheFolder] = [await startHub({ files, list }), temporaryFolder()];
    const folder = await fetchHubFolder(hubId, { hubUrl: hub.url, cacheFolder });
    for (const [path, data] of Object.entries(files)) {
      expect(readFileSync(join(folder, path))).toEqual(data);
    }
  });
});
