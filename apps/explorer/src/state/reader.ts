/** Reads texts with a model for the page, once each: tokens, activations, and changes as interventions. */
import type { Api, TokenFed } from "../api/api.js";
import type { Tensor } from "../api/safetensors.js";
import { isPlaced } from "../changes/change.js";
import { compileChanges, type InterventionsJson, swapped } from "../changes/compile.js";
import { type Desk, type Input, inputOf } from "./document.js";

/** So many answers are remembered of each kind. */
const most = 64;

/** What is fed, and what is changed while it is. */
export interface Fed {
  readonly input: Input;
  readonly interventions: InterventionsJson;
}

/** Remembers what it read. */
export class Reader {
  private readonly tokensKnown = new Map<string, Promise<readonly TokenFed[]>>();
  private readonly activationsKnown = new Map<string, Promise<Tensor>>();

  constructor(private readonly api: Api) {}

  /** The tokens of a prompt, as they are fed. */
  tokens(model: string, input: Input): Promise<readonly TokenFed[]> {
    const key = JSON.stringify([model, input]);
    return remembered(this.tokensKnown, key, () => this.api.tokens(model, input));
  }

  /** What is fed with all changes that are on: a swapped token makes it token ids. */
  async changed(desk: Desk): Promise<Fed> {
    const { model, prompt, changes } = desk;
    const input = inputOf(prompt);
    const on = changes.filter((one) => one.on);
    if (on.length === 0) return { input, interventions: {} };
    const tokens = await this.tokens(model, input);
    const ids = tokens.map(({ id }) => id);
    const interventions = await compileChanges(on.filter(isPlaced), {
      positions: ids.length,
      activation: (text, site) => this.activation(model, text, site),
    });
    const isSwapped = on.some((one) => one.kind === "swap");
    return { input: isSwapped ? swapped(ids, on) : input, interventions };
  }

  private activation(model: string, text: string, site: string): Promise<Tensor> {
    const key = JSON.stringify([model, text, site]);
    return remembered(this.activationsKnown, key, () => this.api.activation(model, text, site));
  }
}

/** Asks once; a failure is not remembered. */
function remembered<T>(
  known: Map<string, Promise<T>>,
  key: string,
  ask: () => Promise<T>,
): Promise<T> {
  const found = known.get(key);
  if (found) return found;
  const asked = ask();
  known.set(key, asked);
  asked.catch(() => known.delete(key));
  const [oldest] = known.keys();
  if (known.size > most) known.delete(oldest);
  return asked;
}
