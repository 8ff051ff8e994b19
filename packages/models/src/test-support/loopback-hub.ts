/** A hub on the loopback that can break off, refuse, lie and take its time. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { writeCheckpoint } from "./checkpoints.js";

export const commit = "0123456789abcdef0123456789abcdef01234567";
export const hubId = "someone/small-llama";
const weights = "model.safetensors";

/** What was asked for. */
interface HubRequest {
  readonly path: string;
  readonly range: string | undefined;
}

export interface LoopbackHub {
  readonly url: string;
  readonly files: Readonly<Record<string, Buffer>>;
  /** In order. */
  readonly requests: HubRequest[];
  readonly authorizations: Set<string | undefined>;
  /** The `Range` headers of the requests for the weights, in order. */
  weightRanges(): (string | undefined)[];
  close(): Promise<void>;
}

/** How a hub misbehaves; all of it concerns model.safetensors unless it says otherwise. */
export interface HubBehaviour {
  /** The answers to the first requests of any kind; 0 hangs up without one. */
  readonly refusals?: readonly number[];
  /** Every answer. */
  readonly status?: number;
  readonly retryAfter?: string;
  /** The answer to every request for the file. */
  readonly fileStatus?: number;
  /** Breaks the connection after so many bytes of an answer, as often as there are numbers. */
  readonly cuts?: readonly number[];
  /** Breaks off after so many bytes, always. */
  readonly cut?: number;
  /** Ends an answer after so many bytes as if that were all. */
  readonly short?: number;
  /** Sends other bytes than announced. */
  readonly damage?: boolean;
  /** Answers a request for a range with the whole file. */
  readonly ignoreRange?: boolean;
  /** Adds so many bytes to the file, against the listing. */
  readonly surplus?: number;
  /** Says no length, so that only the content tells. */
  readonly chunked?: boolean;
  readonly files?: Readonly<Record<string, Buffer>>;
  /** Takes any answer over: says whether it did. */
  readonly answer?: (request: IncomingMessage, response: ServerResponse, path: string) => boolean;
  /** What it calls the commit. */
  readonly commit?: unknown;
  /** Changes its listing. */
  readonly list?: (entries: Record<string, unknown>[]) => unknown;
  /** Headers of the listing. */
  readonly listHeaders?: (request: IncomingMessage) => Record<string, string>;
}

export function sha(algorithm: string, ...parts: (Buffer | string)[]): string {
  const hash = createHash(algorithm);
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
}

/** The hash of a Git object, which names small files. */
export function gitHash(data: Buffer): string {
  return sha("sha1", `blob ${data.length}\0`, data);
}

function checkpointFiles(): Record<string, Buffer> {
  const folder = writeCheckpoint();
  const files = readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]);
  return {
    ...Object.fromEntries(files),
    "pytorch_model.bin": Buffer.from("not wanted"),
    "README.md": Buffer.from("#"),
  };
}

/** Starts a hub that ends with the test. */
export async function startHub(behaviour: HubBehaviour = {}): Promise<LoopbackHub> {
  const files = behaviour.files ?? checkpointFiles();
  const requests: HubRequest[] = [];
  const authorizations = new Set<string | undefined>();
  const refusals = [...(behaviour.refusals ?? [])];
  const cuts = [...(behaviour.cuts ?? [])];
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "", "http://hub").pathname;
    requests.push({ path, range: request.headers.range });
    authorizations.add(request.headers.authorization);
    const status = refusals.shift() ?? behaviour.status;
    if (status === 0) return request.socket.destroy();
    if (status) return refuse(response, status, behaviour.retryAfter);
    if (behaviour.answer?.(request, response, path)) return;
    if (path.startsWith(`/api/models/${hubId}/tree/`)) {
      for (const [name, value] of Object.entries(behaviour.listHeaders?.(request) ?? {})) {
        response.setHeader(name, value);
      }
      const entries = listing(files, path.split("/tree/")[1].split("/").slice(1).join("/"));
      return sendJson(response, behaviour.list ? behaviour.list(entries) : entries);
    }
    if (path.startsWith(`/api/models/${hubId}`)) {
      const named = "commit" in behaviour ? behaviour.commit : commit;
      return sendJson(response, { _id: "1", id: hubId, sha: named });
    }
    const name = path.split(`/${hubId}/resolve/${commit}/`)[1];
    if (!name || !files[name]) return refuse(response, 404);
    if (name !== weights) return sendFile(request, response, files[name], {});
    if (behaviour.fileStatus) return refuse(response, behaviour.fileStatus);
    sendFile(request, response, files[name], { ...behaviour, cut: cuts.shift() ?? behaviour.cut });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () =>
    new Promise<void>((resolve) => {
      server.closeAllConnections();
      server.close(() => resolve());
    });
  onTestFinished(close);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const weightRanges = () =>
    requests.filter(({ path }) => path.endsWith(weights)).map(({ range }) => range);
  return { url, files, requests, authorizations, weightRanges, close };
}

/** Of the files in a folder, or outside of all, beside which the folders stand. */
function listing(files: Readonly<Record<string, Buffer>>, folder = "") {
  const start = folder === "" ? "" : `${folder}/`;
  const below = Object.keys(files).filter((path) => path.startsWith(start));
  const deeper = below.filter((path) => path.slice(start.length).includes("/"));
  const directories = new Set(
    deeper.map((path) => start + path.slice(start.length).split("/", 1)[0]),
  );
  const inside = Object.entries(files).filter(
    ([path]) => path.startsWith(start) && !path.slice(start.length).includes("/"),
  );
  return [
    ...[...directories].map((path) => ({ type: "directory", path, size: 0 })),
    ...inside.map(([path, data]) => ({
      ...{ type: "file", path, size: data.length, oid: gitHash(data) },
      ...(path.endsWith(".safetensors") && {
        lfs: { oid: sha("sha256", data), size: data.length, pointerSize: 100 },
      }),
    })),
  ];
}

function refuse(response: ServerResponse, status: number, retryAfter?: string): void {
  if (retryAfter) response.setHeader("retry-after", retryAfter);
  sendJson(response, { error: "refused" }, status);
}

function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
}

function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  original: Buffer,
  { cut, short, damage, ignoreRange, surplus = 0, chunked }: HubBehaviour,
): void {
  const honest = damage ? Buffer.alloc(original.length) : original;
  const data = Buffer.concat([honest, Buffer.alloc(surplus)]);
  const range = ignoreRange ? undefined : /^bytes=(\d+)-/.exec(request.headers.range ?? "");
  const start = Number(range?.[1] ?? 0);
  const rest = data.subarray(start, short === undefined ? undefined : start + short);
  response.writeHead(range ? 206 : 200, {
    ...(!chunked && { "content-length": rest.length }),
    ...(range && {
      "content-range": `bytes ${start}-${data.length - 1}/${chunked ? "*" : data.length}`,
    }),
  });
  if (cut === undefined) response.end(rest);
  // A moment later, so that the bytes are read before the break is noticed.
  else response.write(rest.subarray(0, cut), () => setTimeout(() => response.destroy(), 50));
}
