/** A prompt from standard input: for the word `-`, and where a prompt is missing and text is piped. */

import type { InputStream } from "../terminal/io.js";
import { UsageError } from "./failure.js";

/** Far above what any model takes; text beyond it comes from a mistake such as `< /dev/zero`. */
const mostBytes = 16 * 2 ** 20;
/** Whoever waits longer is told for what. */
const patience = 2000;

interface Reading {
  readonly signal: AbortSignal;
  /** Says that a prompt is waited for. */
  warn(text: string): void;
}

/**
 * All of standard input, without the line end that `echo` and editors leave.
 *
 * @throws UsageError for text that is no UTF-8 or endless; the signal's reason
 */
export async function readStandardInput(input: InputStream, reading: Reading): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const waiting = setTimeout(() => {
    if (size === 0) reading.warn("waiting for the prompt on standard input");
  }, patience);
  try {
    for await (const chunk of input.chunks(reading.signal)) {
      chunks.push(chunk);
      size += chunk.length;
      if (size > mostBytes) throw new UsageError(tooLong);
    }
  } finally {
    clearTimeout(waiting);
  }
  reading.signal.throwIfAborted();
  return decoded(Buffer.concat(chunks)).replace(/\r?\n$/, "");
}

const tooLong = "Standard input holds more than 16 MiB, which is no prompt.";

function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch (cause) {
    throw new UsageError("Standard input holds no UTF-8 text.", { cause });
  }
}
