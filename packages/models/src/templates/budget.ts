/** How much a template may do: far more than any conversation needs, and far less than a machine has. */
import { TemplateFault } from "./fault.js";

const mostSteps = 2_000_000;
const mostCharacters = 2 ** 25;
const deepestCalls = 100;

/** Counts what one rendering has done. */
export class Budget {
  private steps = 0;
  private characters = 0;
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
