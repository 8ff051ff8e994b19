/** A kept tensor as an answer: whole, or a range of its bytes. */
import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import { byteRange } from "./byte-range.js";
import type { KeptTensor } from "./tensor-store.js";

/** @throws ByteRangeError (`RANGE`) */
export function tensorResponse({ path, bytes }: KeptTensor, request: Request): Response {
  const range = byteRange(request.headers.get("range"), bytes);
  const { start, end } = range ?? { start: 0, end: bytes - 1 };
  const headers = {
    "content-type": "application/octet-stream",
    "content-length": `${end - start + 1}`,
    "accept-ranges": "bytes",
    ...(range && { "content-range": `bytes ${start}-${end}/${bytes}` }),
  };
  const status = range ? 206 : 200;
  if (request.method === "HEAD") return new Response(null, { status, headers });
  const file = Readable.toWeb(createReadStream(path, { start, end })) as ReadableStream<Uint8Array>;
  return new Response(file, { status, headers });
}
