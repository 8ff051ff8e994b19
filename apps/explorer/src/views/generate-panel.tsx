/** Text that grows: as the model is, and beside it with the changes. */
import { visibleText } from "@mlxterp/results";
import { continuationProgramOf } from "../export/program-of.js";
import { saveFile } from "../export/save-file.js";
import type { Sampling, Stream } from "../state/generation.js";
import { usePage } from "./context.js";

export function GeneratePanel() {
  const { explorer } = usePage();
  const { generation, desk } = explorer;
  const isChanged = desk.value.changes.some(({ on }) => on);
  const [plain, changed] = [generation.plain.value, generation.changed.value];
  const parting = plain && changed ? partingOf(plain, changed) : undefined;
  return (
    <section class="method" aria-labelledby="method-title">
      <div class="method-head">
        <h2 id="method-title">Generate</h2>
        <p>What the model writes on, as it is and with your changes.</p>
      </div>
      <SamplingForm />
      <div class={isChanged || changed ? "streams two" : "streams"}>
        <StreamView title="As it is" stream={plain} from={parting} />
        {(isChanged || changed) && (
          <StreamView title="Changed" stream={changed} from={parting} isChanged />
        )}
      </div>
      {parting !== undefined && (
        <p class="hint">
          {parting === -1 ? "Both say the same so far." : `They part at token ${parting + 1}.`}
        </p>
      )}
      {plain && <TakeProgram />}
      {!isChanged && (
        <p class="hint">
          Choose a token of the prompt, then steer, scale, patch or ablate there: the changed text
          grows beside the plain one.
        </p>
      )}
    </section>
  );
}

function TakeProgram() {
  const { explorer } = usePage();
  const take = async () => {
    try {
      saveFile("continuation.ts", await continuationProgramOf(explorer), "text/typescript");
    } catch (error) {
      explorer.problem.value = (error as Error).message;
    }
  };
  return (
    <div class="take">
      <button
        type="button"
        class="quiet"
        title="A program that writes the same"
        onClick={() => void take()}
      >
        TypeScript
      </button>
    </div>
  );
}

/** The first step in which they differ; -1 where none is. */
function partingOf(plain: Stream, changed: Stream): number {
  const length = Math.min(plain.steps.length, changed.steps.length);
  for (let at = 0; at < length; at++) {
    if (plain.steps[at].id !== changed.steps[at].id) return at;
  }
  return -1;
}

function SamplingForm() {
  const { explorer } = usePage();
  const { generation } = explorer;
  const sampling = generation.sampling.value;
  const set = (part: Partial<Sampling>) => {
    generation.sampling.value = { ...sampling, ...part };
  };
  const isGoing = generation.isGoing;
  const number = (
    label: string,
    name: keyof Sampling,
    limits: { min: number; max: number; step: number },
  ) => (
    <label class="field field-number">
      <span>{label}</span>
      <input
        type="number"
        {...limits}
        value={sampling[name]}
        onInput={(event) => {
          const value = event.currentTarget.valueAsNumber;
          if (value >= limits.min && value <= limits.max) set({ [name]: value });
        }}
      />
    </label>
  );
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        void explorer.run();
      }}
    >
      <div class="fields">
        {number("tokens", "maxTokens", { min: 1, max: 500, step: 1 })}
        {number("temperature", "temperature", { min: 0, max: 3, step: 0.1 })}
        {sampling.temperature > 0 && number("top p", "topP", { min: 0.05, max: 1, step: 0.05 })}
        {sampling.temperature > 0 && number("seed", "seed", { min: 0, max: 1e9, step: 1 })}
        <button type="submit" class="go">
          Generate
        </button>
        {isGoing && (
          <button type="button" class="quiet" onClick={() => generation.cancel()}>
            Cancel
          </button>
        )}
      </div>
    </form>
  );
}

interface StreamProps {
  readonly title: string;
  readonly stream: Stream | undefined;
  /** The step from which texts differ. */
  readonly from: number | undefined;
  readonly isChanged?: boolean;
}

function StreamView({ title, stream, from, isChanged = false }: StreamProps) {
  const { explorer } = usePage();
  const { prompt } = explorer.desk.value;
  const parts = (at: number) => isChanged && from !== undefined && from >= 0 && at >= from;
  return (
    <article
      class={`stream ${isChanged ? "changed" : ""}`}
      aria-label={title}
      aria-busy={stream?.state === "going"}
    >
      <h3>{title}</h3>
      <p class="text">
        {prompt.mode === "text" && <span class="given">{visibleText(prompt.text)}</span>}
        {stream?.steps.map(({ text, probability }, at) => (
          <span
            key={`${at}`}
            class={parts(at) ? "parted" : undefined}
            title={`${(probability * 100).toFixed(1)} %`}
            style={{ "--sure": probability.toFixed(2) }}
          >
            {visibleText(text)}
          </span>
        ))}
        {stream?.state === "going" && <span class="caret" />}
      </p>
      <p class="hint">{stateText(stream)}</p>
    </article>
  );
}

function stateText(stream: Stream | undefined): string {
  if (!stream) return "Not begun.";
  const { steps, state, problem } = stream;
  const count = `${steps.length} ${steps.length === 1 ? "token" : "tokens"}`;
  return {
    going: `${count} …`,
    done: count,
    stopped: `${count}, cancelled`,
    failed: problem ?? "",
  }[state];
}
