/** A dataset gone through once, counted and hashed, so that a continued collection can tell that it is the same. */
import { createHash } from "node:crypto";
import { type DatasetItem, type DatasetPrompt, promptOf } from "../dataset/dataset.js";

/** The fingerprint of no prompt at all. */
export const emptyFingerprint = "0".repeat(64);

/** Each prompt is hashed together with the hash so far, so that a hash can be continued from its text. */
function extend(fingerprint: string, prompt: DatasetPrompt): string {
  const hash = createHash("sha256").update(fingerprint);
  if (typeof prompt === "string") return hash.update("text:").update(prompt).digest("hex");
  return hash.update("ids:").update(Array.from(prompt).join()).digest("hex");
}

/** A prompt's columns are hashed behind it. */
function extendByItem(fingerprint: string, item: DatasetItem): string {
  const prompt = promptOf(item);
  const hash = extend(fingerprint, prompt);
  if (prompt === item) return hash;
  const { columns } = item as Exclude<DatasetItem, DatasetPrompt>;
  const plain = Object.entries(columns)
    .map(([name, value]) => [name, typeof value === "number" ? value : Array.from(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash("sha256")
    .update(hash)
    .update("columns:")
    .update(JSON.stringify(plain))
    .digest("hex");
}

/** What has been taken from a dataset so far. */
export class CountedPrompts implements AsyncIterable<DatasetItem> {
  count = 0;
  fingerprint = emptyFingerprint;
  private readonly source: AsyncGenerator<DatasetItem, void, undefined>;

  constructor(source: AsyncGenerator<DatasetItem, void, undefined>) {
    this.source = source;
  }

  /** @returns undefined at the end */
  async next(): Promise<DatasetItem | undefined> {
    const result = await this.source.next();
    if (result.done) return undefined;
    this.count++;
    this.fingerprint = extendByItem(this.fingerprint, result.value);
    return result.value;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<DatasetItem, void, undefined> {
    for (let prompt = await this.next(); prompt !== undefined; prompt = await this.next()) {
      yield prompt;
    }
  }

  /** Lets the dataset close what it has open. */
  async close(): Promise<void> {
    await this.source.return();
  }
}
