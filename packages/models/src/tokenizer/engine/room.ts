/** How much the steps of a tokenizer.json may be, and make of a text: a few lines of a file could ask for more than memory holds. */
import { TokenizerFileError } from "./step.js";

/** No published file has a tenth of them. */
const mostSteps = 1000;

/** Room for all steps of one kind; a text is given it anew. */
export class Room {
  private most = 0;
  private steps = 0;

  /** @param name of what a step is, for messages */
  constructor(private readonly name: string) {}

  /** One more step of the file. */
  addStep(): void {
    if (++this.steps > mostSteps) {
      throw new TokenizerFileError(`it has more than ${mostSteps} ${this.name}s`);
    }
  }

  /** @param length of the text that comes: one character becomes eighteen at most in Unicode's forms */
  open(length: number): void {
    this.most = 2 ** 17 + 32 * length;
  }

  /** @param length of what a step makes */
  check(length: number): void {
    if (length <= this.most) return;
    const reason = `its ${this.name} makes more than ${this.most} characters of a text`;
    throw new TokenizerFileError(reason);
  }
}

/** The characters of texts together. */
export function lengthOf(texts: readonly string[]): number {
  return texts.reduce((sum, text) => sum + text.length, 0);
}
