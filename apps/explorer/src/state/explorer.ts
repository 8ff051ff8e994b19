/** All that the page knows and does, without a page: what is on the desk, the history, the run that goes on. */
import { batch, computed, effect, signal } from "@preact/signals";
import type { Answered, Api, Capabilities, MethodSummary, ModelSummary } from "../api/api.js";
import type { FormValues } from "../form/values.js";
import type { Keep } from "../timeline/keep.js";
import { emptyTimeline } from "../timeline/timeline.js";
import { Answers } from "./answers.js";
import { answersFor, deskFor, emptyDesk, isUntouched } from "./blank-desk.js";
import { Desks, type History, type HistoryLine, newId } from "./desks.js";
import { Following } from "./following.js";
import { Generation } from "./generation.js";
import { KeptResults } from "./kept-results.js";
import { Reader } from "./reader.js";
import type { Run } from "./run.js";
import { firstTool, generateTool, type Tool } from "./tools.js";
import { requestOf, type Wanted, withFed } from "./wanted.js";
import { Work } from "./work.js";

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
  readonly work = new Work();
  readonly problem = this.work.problem;
  readonly going = this.work.going;
  readonly reader: Reader;
  readonly answers: Answers;
  readonly generation: Generation;
  readonly shown: KeptResults["shown"];
  readonly results: KeptResults["results"];
  private readonly kept: KeptResults;
  private readonly following = new Following(this);

  constructor(
    readonly api: Api,
    private readonly keep: Keep,
  ) {
    super();
    this.kept = new KeptResults(keep, this.problem);
    this.shown = this.kept.shown;
    this.results = this.kept.results;
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
    this.following.skipPicture(this.shown.value.length > 0);
    // what was kept may be of a model that this server does not have
    if (first && (asked || !this.model.value)) this.choose(first);
    this.follow();
  }

  /** Keeps the history, and what goes with the desk in step with it. */
  private follow(): void {
    effect(() => {
      const history = this.history.value;
      void this.keep.set("history", history).then(() => this.kept.forget(history));
    });
    this.following.start();
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
      this.add(line);
      this.kept.hold(id, answered);
    });
  }

  /** Shows a run of the history again, on the desk it was made on. */
  async reopen(id: string): Promise<void> {
    const line = this.history.value.lines.find((one) => one.id === id);
    if (!line?.run) return;
    await this.kept.recall(id);
    const { run, document } = line;
    const isHere = this.models.value.some((one) => one.id === document.model);
    if (!isHere) this.problem.value = `The model of this run, ${document.model}, is not loaded; load it to go on from here.`; // biome-ignore format: one line
    batch(() => {
      this.tool.value = run.method;
      this.fill(run.method, run.values);
      this.shown.value = [id];
      if (isHere && JSON.stringify(document) !== JSON.stringify(this.desk.value)) {
        this.following.skipPicture();
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
    if (last) void this.kept.recall(last.id);
  }

  /** Shows a run beside the one that is shown. */
  compare(id: string): Promise<void> {
    return this.kept.compare(id);
  }

  /** Forgets everything but what is on the desk. */
  clearHistory(): void {
    batch(() => {
      this.history.value = emptyTimeline(this.desk.value);
      this.kept.clear();
    });
  }

  private async reopenLast(): Promise<void> {
    const last = this.history.value.lines.findLast(({ run }) => run !== undefined);
    if (!last?.run) return;
    await this.kept.recall(last.id);
    batch(() => {
      this.tool.value = last.run!.method;
      this.fill(last.run!.method, last.run!.values);
      this.shown.value = [last.id];
    });
  }
}
