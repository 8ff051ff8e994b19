/** What a run found, in pictures that can be acted on; two runs stand beside each other. */
import type { Block } from "@mlxterp/results";
import { BlocksView } from "@mlxterp/viz/interactive";
import type { Answered } from "../api/api.js";
import { changeText } from "../changes/describe.js";
import type { HistoryLine } from "../state/desks.js";
import { differencesOf } from "./compare-blocks.js";
import { usePage } from "./context.js";
import { RunActions } from "./run-actions.js";
import { shortName } from "./short-name.js";
import { theme } from "./theme.js";

export function Pictures() {
  const { explorer } = usePage();
  const shown = explorer.shown.value.flatMap((id) => {
    const line = explorer.history.value.lines.find((one) => one.id === id);
    const answered = explorer.results.value[id];
    return line?.run && answered ? [{ line, answered }] : [];
  });
  if (shown.length === 0 || shown[0].line.run?.method !== explorer.tool.value) return <Nothing />;
  const [one, other] = shown;
  return (
    <div class="pictures">
      {other && <Differences first={one.answered} second={other.answered} />}
      <div class={other ? "beside" : ""}>
        {shown.map(({ line, answered }) => (
          <div class="found" key={line.id}>
            <RunCaption line={line} isAlone={!other} />
            {answered.map((each, at) => (
              <Blocks key={`${at}`} answered={each} />
            ))}
          </div>
        ))}
      </div>
    </div>
  );
}

function Nothing() {
  const { explorer } = usePage();
  if (explorer.going.value) return null;
  return (
    <p class="nothing">
      Nothing yet. <kbd>Ctrl</kbd> <kbd>Enter</kbd> runs it.
    </p>
  );
}

function Blocks({ answered: { result, blocks } }: { readonly answered: Answered }) {
  const { here, explorer } = usePage();
  const fed = explorer.tokens.value.map(({ text }) => text);
  const compared = blocks.flatMap((block) => (block.kind === "grid" ? (block.prompts ?? []) : []));
  const said = [fed, ...compared.map(({ pieces }) => pieces)];
  return (
    <BlocksView
      blocks={blocks.filter((block) => !isSaid(block, said))}
      theme={theme.value}
      onSelect={(selection) => here.select(selection, result)}
    />
  );
}

/** Whether a block only says what the prompt's own tokens do, or those that a map compares. */
function isSaid(block: Block, said: readonly (readonly string[])[]): boolean {
  if (block.kind !== "tokens" || block.values) return false;
  const { pieces } = block;
  return said.some((one) => one.length === pieces.length && pieces.every((piece, at) => piece === one[at])); // biome-ignore format: one line
}

function RunCaption({ line, isAlone }: { readonly line: HistoryLine; readonly isAlone: boolean }) {
  const { explorer } = usePage();
  const changes = line.document.changes.filter(({ on }) => on);
  const model = explorer.models.value.find(({ id }) => id === line.document.model);
  const pieces = explorer.tokens.value.map(({ text }) => text);
  return (
    <div class="caption">
      <p>
        <strong>{shortName(model?.name ?? line.document.model)}</strong>
        {changes.length > 0 ? (
          <span class="with">{changes.map((one) => changeText(one, pieces)).join(" · ")}</span>
        ) : (
          <span> as it is</span>
        )}
        <span class="time">{Math.round(line.run!.milliseconds)} ms</span>
      </p>
      {isAlone && <RunActions line={line} />}
    </div>
  );
}

function Differences({
  first,
  second,
}: {
  readonly first: readonly Answered[];
  readonly second: readonly Answered[];
}) {
  return (
    <section class="card" aria-label="What differs">
      <h3>What differs</h3>
      <BlocksView blocks={differencesOf(first, second)} theme={theme.value} />
    </section>
  );
}
