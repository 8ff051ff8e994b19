/** A dataset gone through once, counted and hashed, so that a continued collection can tell that it is the same. */
import { createHash } from "node:crypto";
import type { DatasetPrompt } from "../dataset/dataset.js";

/** The fingerprint of no prompt at all. */
export const emptyFingerprint = "0".repeat(64);

/** Each prompt is hashed together with the hash so far, so that a hash can be continued from its text. */
function extend(fingerprint: string, prompt: DatasetPrompt): string {
  const hash = createHash("sha256").update(fingerprint);
  if (typeof prompt === "string") return hash.update("text:").update(prompt).digest("hex");
  return hash.update("ids:").update(Array.from(prompt).join()).digest("hex");
}

/** What has been taken from a dataset so far. */
export class CountedPrompts implements AsyncIterable<DatasetPrompt> {
  count = 0;
  fingerprint = emptyFingerprint;
  private readonly source: AsyncGenerator<DatasetPrompt, void, undefined>;

  constructor(source: AsyncGenerator<DatasetPrompt, void, undefined>) {
    this.source = source;
  }

  /** @returns undefined at the end */
  async next(): Promise<DatasetPrompt | undefined> {
    const result = await this.source.next();
    if (result.done) return undefined;
    this.count++;
    this.fingerprint = extend(this.fingerprint, result.value);
    return result.value;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<DatasetPrompt, void, undefined> {
    for (let prompt = await this.next(); prompt !== undefined; prompt = await this.next()) {
      yield prompt;
    }
  }

  /** Lets the dataset close what it has open. */
  async close(): Promise<void> {
    await this.source.return();
  }
}
