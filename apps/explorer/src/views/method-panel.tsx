/** The open method: its form, its run, and the pictures of what it found. */
import { visibleLine } from "@mlxterp/results";
import { fieldsOf } from "../form/fields.js";
import type { JsonSchema } from "../form/json-schema.js";
import { usePage } from "./context.js";
import { FieldView } from "./field-view.js";
import { Pictures } from "./pictures.js";
import { ProgressLine } from "./progress-line.js";

export function MethodPanel() {
  const { explorer } = usePage();
  const method = explorer.method.value;
  if (!method) return null;
  const isRunning = explorer.going.value !== undefined;
  const problem = explorer.problem.value;
  return (
    <section class="method" aria-labelledby="method-title">
      <div class="method-head">
        <h2 id="method-title">{method.title}</h2>
        <p>{sentence(method.summary, method.title)}</p>
      </div>
      <MethodForm key={method.name} />
      {isRunning && <ProgressLine />}
      {problem && (
        <p class="problem" role="alert">
          {visibleLine(problem)}
        </p>
      )}
      <Pictures />
    </section>
  );
}

/** A summary without the title that it begins with, as a sentence. */
function sentence(summary: string, title: string): string {
  const colon = summary.indexOf(": ");
  const starts =
    colon > 0 && title.toLowerCase().startsWith(summary.slice(0, colon).toLowerCase().slice(0, 4));
  const rest = starts || colon > 0 ? summary.slice(colon + 2) : summary;
  return `${rest[0]?.toUpperCase() ?? ""}${rest.slice(1)}.`;
}

function MethodForm() {
  const { explorer } = usePage();
  const method = explorer.method.value!;
  const fields = fieldsOf(method.options as JsonSchema);
  const values = explorer.valuesOf(method.name);
  const isTask = method.input === "pairs" && explorer.task.value !== "";
  const usual = ["answer", "wrongAnswer"];
  const isFirst = (name: string, required: boolean) => required || usual.includes(name);
  const first = isTask ? [] : fields.filter(({ name, required }) => isFirst(name, required));
  const more = fields.filter(({ name, required }) => !isFirst(name, required));
  const filled = more.filter(({ name, kind }) => {
    const value = values[name];
    return kind === "switch"
      ? value === true
      : value !== undefined && value !== "" && String(value) !== "";
  });
  const view = (field: (typeof fields)[number]) => (
    <FieldView
      key={field.name}
      field={field}
      value={values[field.name]}
      set={(value) => explorer.fill(method.name, { ...values, [field.name]: value })}
    />
  );
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        void explorer.run();
      }}
    >
      {method.input === "pairs" && <OtherPrompt />}
      <div class="fields">
        {first.map(view)}
        <button type="submit" class="go" title="Ctrl+Enter">
          Run
        </button>
        <label class="live" title="Quick methods follow what is typed and changed">
          <input
            type="checkbox"
            checked={explorer.live.value}
            onChange={(event) => {
              explorer.live.value = event.currentTarget.checked;
            }}
          />
          follow
        </label>
      </div>
      {more.length > 0 && (
        <details class="more">
          <summary>
            {more.length} {more.length === 1 ? "option" : "options"}
            {filled.length > 0 &&
              `, ${filled.length} set: ${filled.map(({ label }) => label).join(", ")}`}
          </summary>
          <div class="fields">{more.map(view)}</div>
        </details>
      )}
    </form>
  );
}

/** The prompt that is compared with, or a task of many pairs. */
function OtherPrompt() {
  const { explorer } = usePage();
  const { other } = explorer.desk.value;
  const tasks = explorer.capabilities.value?.tasks ?? [];
  return (
    <div class="pair">
      {explorer.task.value === "" && (
        <label class="field wide">
          <span>Other prompt</span>
          <input
            value={other}
            spellcheck={false}
            placeholder="the same with another answer, token by token as long"
            onInput={(event) => {
              const text = event.currentTarget.value;
              explorer.act(`Other prompt “${text.slice(-40)}”`, { other: text }, "other");
            }}
          />
        </label>
      )}
      {tasks.length > 0 && (
        <label class="field">
          <span>Pairs</span>
          <select
            value={explorer.task.value}
            onChange={(event) => {
              explorer.task.value = event.currentTarget.value;
            }}
          >
            <option value="">these two prompts</option>
            {tasks.map((name) => (
              <option key={name} value={name}>
                task {name}
              </option>
            ))}
          </select>
        </label>
      )}
    </div>
  );
}
