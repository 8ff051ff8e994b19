/** One field of a form. */
import type { FormField } from "../form/fields.js";
import { type FormValue, writtenAs } from "../form/values.js";

interface FieldProps {
  readonly field: FormField;
  readonly value: FormValue | undefined;
  set(value: FormValue): void;
}

export function FieldView(props: FieldProps) {
  const { kind, label, help, required, name } = props.field;
  if (kind === "choices") return <Choices {...props} />;
  if (kind === "switch") return <Switch {...props} />;
  const described = `help-${name}`;
  return (
    <div class={`field field-${kind}`} title={help}>
      <label for={`field-${name}`}>
        {label}
        {required && <em title="must be filled in"> *</em>}
      </label>
      {kind === "choice" ? <Choice {...props} /> : <Input {...props} />}
      <small id={described}>{help}</small>
    </div>
  );
}

function Input({ field, value, set }: FieldProps) {
  const { kind, minimum, maximum, step, name, required } = field;
  const shared = {
    id: `field-${name}`,
    ...{ name, required, spellcheck: false, autocomplete: "off" },
    placeholder: field.default === undefined ? "" : String(writtenAs(field, field.default)),
    "aria-describedby": `help-${name}`,
    value: String(value ?? ""),
    onInput: (event: InputEvent) => set((event.currentTarget as HTMLInputElement).value),
  } as const;
  return kind === "number" ? (
    <input type="number" min={minimum} max={maximum} step={step} {...shared} />
  ) : (
    <input type="text" {...shared} />
  );
}

function Choice({ field, value, set }: FieldProps) {
  const usual = field.default === undefined ? "as usual" : `${field.default}`;
  return (
    <select
      id={`field-${field.name}`}
      name={field.name}
      aria-describedby={`help-${field.name}`}
      value={String(value ?? "")}
      onChange={(event) => set(event.currentTarget.value)}
    >
      <option value="">{usual}</option>
      {field.words
        .filter((word) => word !== usual)
        .map((word) => (
          <option key={word}>{word}</option>
        ))}
    </select>
  );
}

function Switch({ field, value, set }: FieldProps) {
  return (
    <label class="field switch" title={field.help}>
      <span>
        <input
          type="checkbox"
          name={field.name}
          checked={value === undefined || value === "" ? field.default === true : value === true}
          onChange={(event) => set(event.currentTarget.checked)}
        />
        {field.label}
      </span>
      <small>{field.help}</small>
    </label>
  );
}

function Choices({ field, value, set }: FieldProps) {
  const chosen = (value ?? writtenAs(field, field.default)) as readonly string[];
  const given = Array.isArray(chosen) ? chosen : [];
  const change = (word: string, isOn: boolean) =>
    set(field.words.filter((one) => (one === word ? isOn : given.includes(one))));
  return (
    <fieldset class="field choices" title={field.help}>
      <legend>{field.label}</legend>
      <div>
        {field.words.map((word) => (
          <label key={word}>
            <input
              type="checkbox"
              checked={given.includes(word)}
              onChange={(event) => change(word, event.currentTarget.checked)}
            />
            {word}
          </label>
        ))}
      </div>
      <small>{field.help}</small>
    </fieldset>
  );
}
