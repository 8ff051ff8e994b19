/** Inputs of requests as methods take them: conversations written out, tasks opened, everything counted. */
import { askedOfTask, builtInTask, createTask, taskPairs } from "@mlxterp/analysis";
import type { LanguageModel } from "@mlxterp/models";
import type { Method, PromptInput } from "@mlxterp/results";
import { InvalidRequestError, LimitError } from "../errors/errors.js";
import type { Message, OnePrompt, Pairs, Prompts } from "../wire/inputs.js";

type Options = Readonly<Record<string, unknown>>;

/** More characters than so many tokens ever have; told before anything reads the text. */
const charactersPerToken = 64;

/** Reads inputs for one model, within a number of tokens. */
export class InputReader {
  private tokens = 0;

  constructor(
    private readonly model: LanguageModel,
    private readonly most: number,
  ) {}

  /** The ids of one prompt. */
  one(prompt: OnePrompt): number[] {
    return this.counted(this.plain(prompt))[0];
  }

  /** What a method is given, with the options that a task brings. */
  forMethod(method: Method, input: unknown, options: Options): { fed: unknown; asked: Options } {
    if (input === undefined || input === null) return { fed: undefined, asked: options };
    if (method.input !== "pairs") return { fed: this.fed(input as Prompts), asked: options };
    const pairs = input as Pairs;
    if (!("clean" in pairs)) return this.task(method, pairs, options);
    const { clean, corrupted, spans } = pairs;
    const fed = { clean: this.fed(clean), corrupted: this.fed(corrupted), ...(spans && { spans }) };
    return { fed, asked: options };
  }

  private task(method: Method, given: Exclude<Pairs, { clean: unknown }>, options: Options) {
    const { model } = this;
    const task =
      "task" in given
        ? builtInTask(model, given.task, { size: given.size, seed: given.seed })
        : createTask(model, "pairs", taskPairs(JSON.stringify(given.pairs), "json"));
    this.counted(task.pairs.clean);
    this.counted(task.pairs.corrupted);
    return { fed: task.pairs, asked: askedOfTask(method, task, options) };
  }

  /** Counts what a list of options holds: a text is as many tokens as it has, and may be a prompt. */
  countIn(item: unknown): void {
    if (Array.isArray(item)) for (const one of item) this.countIn(one);
    else if (typeof item !== "string") this.count(1);
    else {
      this.requireShort(item.length);
      this.count(this.model.tokenizer?.encode(item).length ?? 1);
    }
  }

  /** Texts stay texts, so that results name the words of the request. */
  private fed(prompts: Prompts): PromptInput {
    const plain = this.plain(prompts);
    this.counted(plain);
    return plain;
  }

  private plain(prompts: Prompts): PromptInput {
    return isConversation(prompts) ? this.written(prompts) : (prompts as PromptInput);
  }

  private written(messages: readonly Message[]): number[] {
    const { tokenizer, name } = this.model;
    if (!tokenizer) {
      throw new InvalidRequestError("input", `${name} has no tokenizer; give token ids.`);
    }
    this.requireShort(JSON.stringify(messages).length);
    return [...tokenizer.applyChatTemplate(messages, { addGenerationPrompt: true }).ids];
  }

  /** The ids of all prompts, which are not more than are allowed. */
  private counted(prompts: PromptInput): number[][] {
    this.requireShort(charactersOf(prompts));
    const { ids } = this.model.tokens(prompts);
    this.count(ids.reduce((sum, { length }) => sum + length, 0));
    return ids.map((row) => [...row]);
  }

  private count(tokens: number): void {
    this.tokens += tokens;
    if (this.tokens <= this.most) return;
    throw new LimitError("tokens", this.most, `The prompts have ${this.tokens} tokens`);
  }

  private requireShort(characters: number): void {
    if (characters <= this.most * charactersPerToken) return;
    throw new LimitError("tokens", this.most, `The prompts have ${characters} characters`);
  }
}

function isConversation(prompts: Prompts): prompts is Message[] {
  const [first] = Array.isArray(prompts) ? (prompts as readonly unknown[]) : [];
  return typeof first === "object" && first !== null && !Array.isArray(first);
}

function charactersOf(prompts: PromptInput): number {
  const texts = [prompts].flat(2).filter((one) => typeof one === "string");
  return texts.reduce((sum, text) => sum + text.length, 0);
}
