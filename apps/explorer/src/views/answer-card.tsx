/** What comes next: the likeliest tokens as the model is, and how the changes move them. */
import { formatPercent, visibleToken } from "@mlxterp/results";
import type { Candidate } from "../api/api.js";
import { usePage } from "./context.js";

const rows = 7;

interface Row {
  readonly id: number;
  readonly text: string;
  readonly plain: number | undefined;
  readonly changed: number | undefined;
}

export function AnswerCard() {
  const { explorer } = usePage();
  const { answer, problem } = explorer.answers;
  const found = answer.value;
  const all = found ? rowsOf(found.plain, found.changed) : [];
  const [first] = found?.plain ?? [];
  const [now] = found?.changed ?? [];
  return (
    <section class="card answer" aria-labelledby="answer-title">
      <h2 id="answer-title">Next token</h2>
      {first && (
        <p class="headline" aria-live="polite">
          <b>{shown(first.text)}</b> <span>{formatPercent(first.probability)}</span>
          {now && (
            <>
              <i>→</i> <b class="now">{shown(now.text)}</b>{" "}
              <span class="now">{formatPercent(now.probability)}</span>
            </>
          )}
        </p>
      )}
      <ol class="bars">
        {all.map((row) => (
          <Bar key={row.id} row={row} isCompared={found?.changed !== undefined} />
        ))}
      </ol>
      {found?.changed && (
        <p class="key">
          <span class="swatch plain-swatch" /> as it is <span class="swatch now-swatch" /> changed
        </p>
      )}
      {!found && !problem.value && (
        <p class="hint">Write a prompt to see what the model would say.</p>
      )}
      {problem.value && (
        <p class="problem" role="alert">
          {problem.value}
        </p>
      )}
    </section>
  );
}

function Bar({ row, isCompared }: { readonly row: Row; readonly isCompared: boolean }) {
  const { text, plain = 0, changed = 0 } = row;
  const moved = changed - plain;
  return (
    <li>
      <span class="token">{shown(text)}</span>
      <span class="track" aria-hidden="true">
        <span class="bar plain-bar" style={{ width: `${plain * 100}%` }} />
        {isCompared && <span class="bar now-bar" style={{ width: `${changed * 100}%` }} />}
      </span>
      <span class="number">
        {formatPercent(isCompared ? changed : plain)}
        {isCompared && Math.abs(moved) >= 0.0005 && (
          <small class={moved > 0 ? "up" : "down"}>
            {moved > 0 ? "+" : "−"}
            {(Math.abs(moved) * 100).toFixed(1)}
          </small>
        )}
      </span>
    </li>
  );
}

/** The tokens that matter in either run, by the larger of their probabilities. */
function rowsOf(plain: readonly Candidate[], changed: readonly Candidate[] = []): Row[] {
  const known = new Map<number, Row>();
  for (const { id, text, probability } of plain)
    known.set(id, { id, text, plain: probability, changed: undefined });
  for (const { id, text, probability } of changed) {
    known.set(id, { plain: undefined, ...known.get(id), id, text, changed: probability });
  }
  const size = ({ plain: one = 0, changed: other = 0 }: Row) => Math.max(one, other);
  return [...known.values()].sort((a, b) => size(b) - size(a)).slice(0, rows);
}

function shown(text: string): string {
  return visibleToken(text).replace(/^[·▁]/, "") || visibleToken(text);
}
