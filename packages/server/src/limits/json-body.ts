/** Bodies read within their limit, as JSON of limited depth. */
import { InvalidRequestError, LimitError, MediaTypeError } from "../errors/errors.js";

/** Deeper nesting than any request has. */
const deepest = 64;

/**
 * The JSON of a body; a missing one is an empty object.
 *
 * @throws MediaTypeError (`MEDIA_TYPE`), LimitError (`LIMIT`) as soon as there are too many bytes, InvalidRequestError
 * (`INVALID_REQUEST`)
 */
export async function jsonBody(request: Request, most: number): Promise<unknown> {
  const type = request.headers.get("content-type");
  if (type === null || !/^application\/json\s*(;|$)/i.test(type)) throw new MediaTypeError(type);
  const text = decoded(await readBytes(request, most));
  requireShallow(text);
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new InvalidRequestError("body", `is no JSON: ${(cause as Error).message}.`, { cause });
  }
}

async function readBytes(request: Request, most: number): Promise<Uint8Array> {
  const tooLarge = () => new LimitError("bodyBytes", most, "The body is too large");
  if (Number(request.headers.get("content-length")) > most) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader = request.body?.getReader();
  if (!reader) return new Uint8Array();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    size += part.value.byteLength;
    if (size > most) {
      await reader.cancel();
      throw tooLarge();
    }
    chunks.push(part.value);
  }
  return Buffer.concat(chunks);
}

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new InvalidRequestError("body", "is no UTF-8.", { cause });
  }
}

/** Counted before anything is built: what walks through values afterwards may use one call for each level. */
function requireShallow(text: string): void {
  let depth = 0;
  for (const { 0: part } of text.matchAll(/"(?:[^"\\]|\\.)*"|[[\]{}]/gs)) {
    if (part === "[" || part === "{") depth++;
    else if (part === "]" || part === "}") depth--;
    if (depth > deepest) {
      throw new InvalidRequestError("body", `is nested more than ${deepest} levels deep.`);
    }
  }
}
