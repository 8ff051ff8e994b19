/** How much a template may do: far more than any conversation needs, and far less than a machine has. */
import { TemplateFault } from "./fault.js";

const mostSteps = 2_000_000;
const mostCharacters = 2 ** 25;
const mostReading = 2 ** 28;
/** What one character or item counts that a filter or a method goes through. */
const passing = 4;
/** And what one comparison of two values counts. */
const comparing = 16;
const deepestCalls = 100;

/** Counts what one rendering has done. */
export class Budget {
  private steps = 0;
  private characters = 0;
  private reading = 0;
  private calls = 0;

  step(): void {
    if (++this.steps > mostSteps) {
      throw new TemplateFault("limit", `it takes more than ${mostSteps} steps`);
    }
  }

  /** @param count characters or items that are about to be made */
  make(count: number): void {
    this.characters += count;
    if (!(this.characters <= mostCharacters)) {
      throw new TemplateFault("limit", `it makes more than ${mostCharacters} characters`);
    }
  }

  /** @param count characters or items that are about to be compared or looked through */
  read(count: number): void {
    this.reading += count;
    if (!(this.reading <= mostReading)) {
      throw new TemplateFault("limit", `it looks through more than ${mostReading} characters`);
    }
  }

  /** Two values. @param count of their characters that may be looked at */
  compare(count = 0): void {
    this.read(comparing + count);
  }

  /** @param size of what a filter or method goes through, @param times as much work as most do */
  pass(size: number, times = 1): void {
    this.read(1 + passing * times * size);
  }

  call<T>(work: () => T): T {
    if (++this.calls > deepestCalls) {
      throw new TemplateFault("limit", `its macros call each other more than ${deepestCalls} deep`);
    }
    try {
      return work();
    } finally {
      this.calls--;
    }
  }
}
