/** The history: every act and every run, newest first. */
import type { HistoryLine } from "../state/desks.js";
import { isAct } from "../timeline/timeline.js";
import { usePage } from "./context.js";

export function HistoryCard() {
  const { explorer } = usePage();
  const { lines, held } = explorer.history.value;
  const newest = lines.map((line, at) => ({ line, isUndone: at >= held && isAct(line) })).reverse();
  return (
    <section class="card history" aria-labelledby="history-title">
      <div class="card-head">
        <h2 id="history-title">History</h2>
        {lines.length > 0 && (
          <button type="button" class="quiet" onClick={() => explorer.clearHistory()}>
            Clear
          </button>
        )}
      </div>
      {newest.length === 0 && (
        <p class="hint">What you do and find is listed here, and still there tomorrow.</p>
      )}
      <ol>
        {newest.map(({ line, isUndone }) => (
          <li key={line.id} class={`${isAct(line) ? "done" : "run"}${isUndone ? " undone" : ""}`}>
            {isAct(line) ? <span>{line.text}</span> : <RunLine line={line} />}
          </li>
        ))}
      </ol>
    </section>
  );
}

function RunLine({ line }: { readonly line: HistoryLine }) {
  const { explorer } = usePage();
  const shown = explorer.shown.value;
  const isShown = shown.includes(line.id);
  const [first] = shown;
  const other = explorer.history.value.lines.find(({ id }) => id === first);
  const mayCompare = first !== undefined && !isShown && other?.run?.method === line.run?.method;
  const changes = line.document.changes.filter(({ on }) => on).length;
  return (
    <>
      <button
        type="button"
        class="again"
        aria-pressed={isShown}
        onClick={() => void explorer.reopen(line.id)}
      >
        <strong>{line.text}</strong>
        <small>
          {clock(line.time)}
          {changes > 0 ? `, ${changes} ${changes === 1 ? "change" : "changes"}` : ""}
        </small>
      </button>
      {mayCompare && (
        <button
          type="button"
          class="quiet"
          aria-label={`Compare with ${line.text} of ${clock(line.time)}`}
          onClick={() => void explorer.compare(line.id)}
        >
          Compare
        </button>
      )}
    </>
  );
}

function clock(time: number): string {
  return new Date(time).toLocaleTimeString("en-GB", {
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
}
