/** What the model would say next: as it is, and with the changes. */
import { signal } from "@preact/signals";
import type { Api, Candidate } from "../api/api.js";
import { type Desk, inputOf, isBlank } from "./document.js";
import type { Reader } from "./reader.js";

/** The most likely next tokens of both runs. */
export interface Answer {
  readonly plain: readonly Candidate[];
  /** Undefined where nothing is changed. */
  readonly changed?: readonly Candidate[];
}

/** How many tokens are asked for; of the two lists together fewer are shown. */
const most = 24;

/** Follows the desk. */
export class Answers {
  readonly answer = signal<Answer | undefined>(undefined);
  readonly problem = signal<string | undefined>(undefined);
  private going: AbortController | undefined;
  private known: { readonly key: string; readonly plain: readonly Candidate[] } | undefined;

  constructor(
    private readonly api: Api,
    private readonly reader: Reader,
  ) {}

  /** Asks again; what was asked before and has not been answered is given up. */
  async refresh(desk: Desk): Promise<void> {
    this.going?.abort();
    const going = new AbortController();
    this.going = going;
    if (desk.model === "" || isBlank(desk.prompt)) {
      this.answer.value = undefined;
      return;
    }
    try {
      const answer = await this.ask(desk, going.signal);
      if (going.signal.aborted) return;
      this.answer.value = answer;
      this.problem.value = undefined;
    } catch (error) {
      if (!going.signal.aborted) this.problem.value = (error as Error).message;
    }
  }

  private async ask(desk: Desk, signal: AbortSignal): Promise<Answer> {
    const isChanged = desk.changes.some((one) => one.on);
    const key = JSON.stringify([desk.model, inputOf(desk.prompt)]);
    const plain =
      this.known?.key === key
        ? this.known.plain
        : await this.next(desk.model, { input: inputOf(desk.prompt) }, signal);
    this.known = { key, plain };
    if (!isChanged) return { plain };
    return { plain, changed: await this.next(desk.model, await this.reader.changed(desk), signal) };
  }

  private async next(
    model: string,
    fed: Pick<Parameters<Api["generate"]>[0], "input" | "interventions">,
    signal: AbortSignal,
  ): Promise<readonly Candidate[]> {
    const request = {
      model,
      ...fed,
      maxTokens: 1,
      options: { alternatives: most, ignoreEos: true },
    };
    for await (const { alternatives } of this.api.generate(request, { signal })) {
      return alternatives ?? [];
    }
    return [];
  }
}
