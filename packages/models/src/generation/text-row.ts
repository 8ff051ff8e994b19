/** One text in the making: its newest token, the text that is certain, and whether it goes on. */
import type { Chosen } from "./choosing.js";
import type { GenerativeModel } from "./generative-model.js";
import type { FinishReason, GenerateBatchOptions, GenerationStep } from "./options.js";
import type { SavedSites } from "./save-plan.js";
import { TextStream } from "./text-stream.js";

export class TextRow {
  /** The token that the next pass reads. */
  newest = -1;
  /** The position of the next token. */
  position: number;
  finish: FinishReason | undefined;
  private count = 0;
  private readonly stream: TextStream;
  private readonly eos: ReadonlySet<number>;
  private readonly stopTokens: ReadonlySet<number>;

  /** @param prompt all ids before the first generated one */
  constructor(
    private readonly model: GenerativeModel,
    prompt: readonly number[],
    private readonly options: GenerateBatchOptions,
  ) {
    const stops = [options.stop ?? []].flat();
    const strings = stops.filter((stop) => typeof stop === "string").filter((stop) => stop !== "");
    this.position = prompt.length;
    this.eos = new Set(options.ignoreEos ? [] : model.eosTokens);
    this.stopTokens = new Set(stops.filter((stop) => typeof stop === "number"));
    this.stream = new TextStream(model.tokenizer, prompt, strings);
  }

  /** Adds a token to the text. */
  take(chosen: Chosen, saved: SavedSites | undefined): GenerationStep {
    const { token } = chosen;
    const facts = { ...this.described(chosen), position: this.position, ...(saved && { saved }) };
    const mark = this.markOf(token);
    const piece = mark ? { text: "", stopped: false } : this.stream.push(token);
    this.newest = token;
    this.position++;
    this.count++;
    const step: GenerationStep = { ...facts, text: piece.text, finish: undefined };
    const finish = mark ?? (piece.stopped ? "stop" : this.limit(step));
    this.finish = finish;
    if (!finish) return step;
    const rest = piece.stopped ? "" : this.stream.flush();
    return { ...step, text: piece.text + rest, finish };
  }

  /** With the texts that alternatives would have added. */
  private described({ alternatives, ...choice }: Chosen) {
    if (!alternatives) return choice;
    const texts = alternatives.map((other) => ({
      ...other,
      text: this.stream.preview(other.token),
    }));
    return { ...choice, alternatives: texts };
  }

  private markOf(token: number): FinishReason | undefined {
    if (this.eos.has(token)) return "eos";
    return this.stopTokens.has(token) ? "stop" : undefined;
  }

  private limit(step: GenerationStep): FinishReason | undefined {
    const { maxTokens = 50, until } = this.options;
    if (until?.(step)) return "until";
    if (this.count === maxTokens) return "maxTokens";
    return this.position === this.model.anatomy.maxPositions ? "maxPositions" : undefined;
  }
}
