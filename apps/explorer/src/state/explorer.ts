/** All that the page knows and does, without a page: what is on the desk, the history, the run that goes on. */
import { batch, computed, effect, signal } from "@preact/signals";
import type { Answered, Api, Capabilities, MethodSummary, ModelSummary } from "../api/api.js";
import type { JsonSchema } from "../form/json-schema.js";
import type { FormValues } from "../form/values.js";
import type { Keep } from "../timeline/keep.js";
import { emptyTimeline } from "../timeline/timeline.js";
import { Answers } from "./answers.js";
import { answersFor, deskFor, emptyDesk } from "./blank-desk.js";
import { Desks, type History, type HistoryLine, newId } from "./desks.js";
import { type Desk, inputOf, isBlank } from "./document.js";
import { Generation } from "./generation.js";
import { Reader } from "./reader.js";
import type { Run } from "./run.js";
import { requestOf, type Wanted } from "./wanted.js";
import { Work } from "./work.js";

/** What is shown where pictures are: a method's name, or the continuation. */
export type Tool = string;

/** The tool that writes on. */
export const generateTool = "generate";

/** Runs as quick as this follow what is typed. */
const liveLimit = 1000;
/** After the last key. */
const pause = 60;

/** The page's state and its acts. */
export class Explorer extends Desks {
  readonly capabilities = signal<Capabilities | undefined>(undefined);
  readonly models = signal<readonly ModelSummary[]>([]);
  readonly model = computed(() => this.models.value.find(({ id }) => id === this.desk.value.model));
  readonly tool = signal<Tool>("");
  readonly method = computed(() => this.methods.value.find(({ name }) => name === this.tool.value));
  readonly methods = computed<readonly MethodSummary[]>(
    () => this.capabilities.value?.methods ?? [],
  );
  readonly forms = signal<Readonly<Record<string, FormValues>>>({});
  readonly task = signal("");
  readonly live = signal(true);
  /** Ids of the lines whose results are shown: one, or two to compare. */
  readonly shown = signal<readonly string[]>([]);
  readonly results = signal<Readonly<Record<string, readonly Answered[]>>>({});
  readonly work = new Work();
  readonly problem = this.work.problem;
  readonly going = this.work.going;
  readonly reader: Reader;
  readonly answers: Answers;
  readonly generation: Generation;
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly api: Api,
    private readonly keep: Keep,
  ) {
    super();
    this.reader = new Reader(api);
    this.answers = new Answers(api, this.reader);
    this.generation = new Generation(api, this.reader);
  }

  /**
   * Reads what the server offers and what was kept, and follows the desk from then on.
   *
   * @param wanted the model to begin with, by id, name or source
   */
  async start(wanted?: string): Promise<void> {
    const [capabilities, kept] = await Promise.all([
      this.api.capabilities(),
      this.keep.get<History>("history"),
    ]);
    const asked = capabilities.models.find((one) => [one.id, one.name, one.source].includes(wanted ?? "")); // biome-ignore format: one choice
    const first =
      asked ?? capabilities.models.find(({ loaded }) => loaded) ?? capabilities.models[0];
    batch(() => {
      this.capabilities.value = capabilities;
      this.models.value = capabilities.models;
      this.tool.value = firstTool(capabilities.methods);
      if (first) this.forms.value = { "": answersFor(first) };
      this.history.value = kept ?? emptyTimeline(first ? deskFor(first) : emptyDesk);
    });
    if (kept) await this.reopenLast();
    this.skipLive = this.shown.value.length > 0;
    // what was kept may be of a model that this server does not have
    if (first && (asked || !this.model.value)) this.choose(first);
    this.follow();
  }

  /** Loads a model, perhaps from far away, and puts it on the desk. */
  async load(source: string): Promise<void> {
    await this.work.do(`Loading ${source}`, async (control) => {
      const model = await this.api.load(source, control);
      this.models.value = [...this.models.value.filter(({ id }) => id !== model.id), model];
      this.choose(model);
    });
  }

  /** Puts a model on the desk. */
  choose(model: ModelSummary): void {
    if (model.id === this.desk.value.model) return;
    this.generation.clear();
    const { changes: _, ...desk } = isUntouched(this.desk.value) ? deskFor(model) : this.desk.value;
    this.forms.value = { "": answersFor(model) };
    this.act(`Open ${model.name}`, { ...desk, model: model.id, changes: [] });
  }

  /** What stands in the form of a method; what is asked by one name everywhere is filled in once. */
  valuesOf(method: string): FormValues {
    return { ...this.forms.value[""], ...this.forms.value[method] };
  }

  fill(method: string, values: FormValues): void {
    const shared = Object.entries(values).filter(([name]) => /^(answer|wrongAnswer)$/.test(name));
    this.forms.value = {
      ...this.forms.value,
      "": { ...this.forms.value[""], ...Object.fromEntries(shared) },
      [method]: values,
    };
  }

  /** Runs the method that is open, or writes on. */
  async run(isLive = false): Promise<void> {
    if (this.tool.value === generateTool) return this.generation.start(this.desk.value);
    const method = this.method.value;
    if (!method) return;
    const desk = this.desk.value;
    const wanted: Wanted = {
      method,
      desk,
      values: this.valuesOf(method.name),
      task: this.task.value,
    };
    await this.work.do(
      method.title,
      async (control) => {
        const request = requestOf(wanted);
        const start = performance.now();
        const fed = await this.reader.changed(desk);
        const answered = await this.api.run(withFed(request, wanted, fed), control);
        const milliseconds = performance.now() - start;
        control.signal.throwIfAborted();
        this.found(wanted, { ...request, milliseconds }, answered, isLive);
      },
      isLive,
    );
  }

  private found(
    { method, desk, values }: Wanted,
    { input, options, milliseconds }: Pick<Run, "input" | "options" | "milliseconds">,
    answered: readonly Answered[],
    isLive: boolean,
  ): void {
    const id = newId();
    const run = { method: method.name, title: method.title, input, options, values, milliseconds };
    const line: HistoryLine = {
      ...{ id, time: Date.now(), text: method.title, document: desk, run },
      ...(isLive && { live: method.name }),
    };
    batch(() => {
      this.results.value = { ...this.results.value, [id]: answered };
      this.add(line);
      this.shown.value = [id];
    });
    void this.keep.set(`result ${id}`, answered);
  }

  /** Shows a run of the history again, on the desk it was made on. */
  async reopen(id: string): Promise<void> {
    const line = this.history.value.lines.find((one) => one.id === id);
    if (!line?.run) return;
    await this.recall(id);
    const { run, document } = line;
    const isHere = this.models.value.some((one) => one.id === document.model);
    if (!isHere) this.problem.value = `The model of this run, ${document.model}, is not loaded; load it to go on from here.`; // biome-ignore format: one line
    batch(() => {
      this.tool.value = run.method;
      this.fill(run.method, run.values);
      this.shown.value = [id];
      if (isHere && JSON.stringify(document) !== JSON.stringify(this.desk.value)) {
        this.skipLive = true;
        this.act(`Back to: ${line.text}`, document);
      }
    });
  }

  /** Opens a method, or the continuation; what was found last with it is shown again. */
  open(tool: Tool): void {
    const last = this.history.value.lines.findLast(({ run }) => run?.method === tool);
    batch(() => {
      this.tool.value = tool;
      this.problem.value = undefined;
      this.shown.value = last ? [last.id] : [];
    });
    if (last) void this.recall(last.id);
  }

  /** Forgets everything but what is on the desk. */
  clearHistory(): void {
    batch(() => {
      this.history.value = emptyTimeline(this.desk.value);
      this.shown.value = [];
      this.results.value = {};
    });
  }

  /** Shows a run beside the one that is shown. */
  async compare(id: string): Promise<void> {
    await this.recall(id);
    const [first] = this.shown.value;
    this.shown.value = first === undefined || first === id ? [id] : [first, id];
  }

  private skipLive = false;

  private async recall(id: string): Promise<void> {
    if (this.results.value[id]) return;
    const kept = await this.keep.get<readonly Answered[]>(`result ${id}`);
    if (kept) this.results.value = { ...this.results.value, [id]: kept };
    else this.problem.value = "What this run found is no longer kept. Run it again.";
  }

  private async reopenLast(): Promise<void> {
    const last = this.history.value.lines.findLast(({ run }) => run !== undefined);
    if (!last?.run) return;
    await this.recall(last.id);
    batch(() => {
      this.tool.value = last.run!.method;
      this.fill(last.run!.method, last.run!.values);
      this.shown.value = [last.id];
    });
  }

  /** Keeps the history, the tokens, the answer and quick pictures in step with the desk. */
  private follow(): void {
    effect(() => {
      const history = this.history.value;
      void this.keep.set("history", history).then(() => this.forget(history));
    });
    effect(() => {
      const desk = this.desk.value;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.followDesk(desk), pause);
    });
  }

  private async forget({ lines }: History): Promise<void> {
    const needed = new Set(lines.map(({ id }) => `result ${id}`));
    const stale = (await this.keep.keys()).filter(
      (key) => key.startsWith("result ") && !needed.has(key),
    );
    await Promise.all(stale.map((key) => this.keep.delete(key)));
  }

  private async followDesk(desk: Desk): Promise<void> {
    const isBusy = this.going.value?.isQuiet === false; // what was asked for is not given up for what was not
    const mayRun =
      this.live.value && !isBusy && !this.skipLive && this.isQuick() && !isBlank(desk.prompt);
    this.skipLive = false;
    const picture = mayRun && desk.model !== "" ? this.run(true) : undefined;
    await this.readTokens(desk);
    if (desk !== this.desk.value) return; // a newer desk has been followed in the meantime
    await Promise.all([picture, this.answers.refresh(desk)]);
    if (desk !== this.desk.value) return;
    if (this.tool.value === generateTool && this.generation.plain.value && this.live.value) {
      await this.generation.start(desk, ["changed"]);
    }
  }

  /** Whether the open method was quick, in its best moment, or is the one that a sitting begins with. */
  private isQuick(): boolean {
    const times = this.history.value.lines.flatMap(({ run }) =>
      run?.method === this.tool.value ? [run.milliseconds] : [],
    );
    if (times.length > 0) return Math.min(...times) < liveLimit;
    return this.tool.value === firstTool(this.methods.value);
  }

  private async readTokens({ model, prompt }: Desk): Promise<void> {
    if (model === "" || isBlank(prompt)) {
      this.tokens.value = [];
      return;
    }
    try {
      const tokens = await this.reader.tokens(model, inputOf(prompt));
      if (this.desk.value.prompt === prompt) this.tokens.value = tokens;
    } catch (error) {
      this.problem.value = (error as Error).message;
    }
  }
}

/** The first method that needs no more than a prompt. */
function firstTool(methods: readonly MethodSummary[]): Tool {
  const simple = methods.find(
    ({ input, options }) =>
      input === "prompts" && ((options as JsonSchema).required ?? []).length === 0,
  );
  return simple?.name ?? generateTool;
}

function withFed(
  request: ReturnType<typeof requestOf>,
  { method, desk }: Wanted,
  { input, interventions }: Awaited<ReturnType<Reader["changed"]>>,
) {
  const given = request.input;
  const isPair = typeof given === "object" && given !== null && "clean" in given;
  const fed = method.input === "prompts" ? input : isPair ? { ...given, clean: input } : given;
  return { ...request, model: desk.model, method: method.name, input: fed, interventions };
}

function isUntouched({ prompt, changes }: Desk): boolean {
  return changes.length === 0 && (prompt.text === "" || prompt.text === deskFor({ source: "tiny" } as ModelSummary).prompt.text); // biome-ignore format: one rule
}
