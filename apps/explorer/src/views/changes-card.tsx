/** What is changed: one line for each change, with its slider, its switch, and the way out. */
import { type Change, dialOf } from "../changes/change.js";
import { changeText } from "../changes/describe.js";
import { usePage } from "./context.js";
import { CloseIcon } from "./icons.js";

export function ChangesCard() {
  const { explorer } = usePage();
  const { changes } = explorer.desk.value;
  if (changes.length === 0) return null;
  return (
    <section class="card changes" aria-labelledby="changes-title">
      <div class="card-head">
        <h2 id="changes-title">Changes</h2>
        {changes.length > 1 && (
          <button
            type="button"
            class="quiet"
            onClick={() => explorer.act("Remove all changes", { changes: [] })}
          >
            Remove all
          </button>
        )}
      </div>
      <ul>
        {changes.map((one) => (
          <ChangeLine key={one.id} change={one} />
        ))}
      </ul>
    </section>
  );
}

function ChangeLine({ change }: { readonly change: Change }) {
  const { explorer } = usePage();
  const pieces = explorer.tokens.value.map(({ text }) => text);
  const text = changeText(change, pieces);
  const dial = dialOf(change);
  return (
    <li class={change.on ? "" : "off"}>
      <label>
        <input type="checkbox" checked={change.on} onChange={() => explorer.toggle(change.id)} />
        <span>{text}</span>
      </label>
      <button
        type="button"
        class="plain"
        aria-label={`Remove: ${text}`}
        onClick={() => explorer.removeChange(change.id)}
      >
        <CloseIcon />
      </button>
      {dial && (
        <label class="dial">
          <span>{dial.label}</span>
          <input
            type="range"
            min={dial.minimum}
            max={dial.maximum}
            step={dial.step}
            value={dial.value}
            disabled={!change.on}
            onInput={(event) => explorer.dial(change.id, event.currentTarget.valueAsNumber)}
          />
          <output>{Number(dial.value.toFixed(2))}</output>
        </label>
      )}
    </li>
  );
}
