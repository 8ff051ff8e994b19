/** The messages of an agent, a line each; one that is too long is refused, and those that follow it are read. */
import { Transform, type Writable } from "node:stream";

/** What is kept of a line that is too long: its number stands at the beginning or at the end. */
const kept = 512;
const lineEnd = 10;

/**
 * Whole lines, each as one chunk. The protocol's library would end the session at one that is too long, without a word to
 * the agent, which would wait for this answer and all later ones.
 *
 * @param longest in bytes
 * @param answers where a refusal is written
 */
export function wholeLines(longest: number, answers: Writable): Transform {
  let parts: Buffer[] = [];
  let length = 0;
  let last = Buffer.alloc(0); // of a line that is too long
  const add = (part: Buffer) => {
    const before = length > longest ? last : undefined;
    length += part.length;
    parts.push(part);
    if (length <= longest) return;
    const all = Buffer.concat(before ? [before, part] : parts);
    last = Buffer.from(all.subarray(-kept));
    parts = [before ? parts[0] : Buffer.from(all.subarray(0, kept))];
  };
  const end = (): Buffer | undefined => {
    const [line, tooLong] = [Buffer.concat(parts), length > longest];
    if (tooLong) answers.write(refusal(`${line}`, `${last}`, longest));
    [parts, length, last] = [[], 0, Buffer.alloc(0)];
    return tooLong ? undefined : line;
  };
  return new Transform({
    transform(chunk: Buffer | string, encoding, done) {
      const bytes = typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk;
      let start = 0;
      for (let at = bytes.indexOf(lineEnd); at >= 0; at = bytes.indexOf(lineEnd, start)) {
        add(bytes.subarray(start, at + 1));
        const line = end();
        if (line) this.push(line);
        start = at + 1;
      }
      if (start < bytes.length) add(bytes.subarray(start));
      done();
    },
  });
}

/** An answer to the request, where its number can be told; else to none. */
function refusal(first: string, last: string, longest: number): string {
  const number = /("(?:[^"\\]|\\.)*"|\d+)/.source;
  const found =
    new RegExp(`"id"\\s*:\\s*${number}\\s*}\\s*$`).exec(last) ??
    new RegExp(`^\\s*{(?:\\s*"(?:jsonrpc|method)"\\s*:\\s*"[^"]*"\\s*,)*\\s*"id"\\s*:\\s*${number}`).exec(first); // biome-ignore format: one pattern
  const id: unknown = found ? JSON.parse(found[1]) : null;
  const message = `The message is longer than ${longest} bytes. Ask for less at once.`;
  return `${JSON.stringify({ jsonrpc: "2.0", id, error: { code: -32600, message } })}\n`;
}
