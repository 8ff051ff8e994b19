/** Acting where one reads: the place that was clicked, and what can be done there. */
import { visibleToken } from "@mlxterp/results";
import { useEffect, useRef } from "preact/hooks";
import type { Part, Place } from "../changes/change.js";
import { placeText } from "../changes/describe.js";
import type { Act, Words } from "../state/here.js";
import { usePage } from "./context.js";

export function HereCard() {
  const { here, explorer } = usePage();
  const card = useRef<HTMLElement>(null);
  const place = here.place.value;
  const clicks = here.clicks.value;
  useEffect(() => {
    if (clicks > 0) card.current?.scrollIntoView({ block: "nearest", behavior: "smooth" });
  }, [clicks]);
  const pieces = explorer.tokens.value.map(({ text }) => text);
  return (
    <section ref={card} class={`card here ${place ? "open" : ""}`} aria-labelledby="here-title">
      <h2 id="here-title">Act here</h2>
      {place ? (
        <>
          <p class="where" aria-live="polite">
            {placeText(place, pieces)}
          </p>
          <PlaceForm place={place} />
          <Acts place={place} />
        </>
      ) : (
        <>
          <p class="hint">
            Click a cell of any picture, a head, a bar or a token: then change the model there.
          </p>
          <button
            type="button"
            class="quiet"
            disabled={!explorer.model.value}
            onClick={() => here.at({})}
          >
            Choose a place
          </button>
        </>
      )}
    </section>
  );
}

const parts: Readonly<Record<Part, string>> = {
  before: "stream before",
  after: "stream after",
  attention: "attention",
  mlp: "MLP",
  head: "head",
  edge: "attention edge",
};

function PlaceForm({ place }: { readonly place: Place }) {
  const { here, explorer } = usePage();
  const model = explorer.model.value;
  const hasHead = place.part === "head" || place.part === "edge";
  const positions = [
    ["", "everywhere"],
    ...explorer.tokens.value.map(({ text, position }) => [`${position}`, `${position} ${visibleToken(text)}`]), // biome-ignore format: one list
  ];
  const numberOf = (text: string) => (text === "" ? undefined : Number(text));
  const textOf = (position: number | undefined) => `${position ?? ""}`;
  return (
    <div class="fields place">
      <Pick
        label="what"
        value={place.part}
        choices={Object.entries(parts)}
        set={(part) => here.at({ part: part as Part })}
      />
      <Pick
        label="layer"
        isShort
        value={`${place.layer}`}
        choices={counted(model?.layers)}
        set={(layer) => here.at({ layer: Number(layer) })}
      />
      <Pick
        label={place.part === "edge" ? "from" : "at"}
        value={textOf(place.position)}
        choices={positions}
        set={(at) => here.at({ position: numberOf(at) })}
      />
      {hasHead && (
        <Pick
          label="head"
          isShort
          value={`${place.head ?? 0}`}
          choices={counted(model?.heads)}
          set={(head) => here.at({ head: Number(head) })}
        />
      )}
      {place.part === "edge" && (
        <Pick
          label="looking at"
          value={textOf(place.key)}
          choices={positions.slice(1)}
          set={(key) => here.at({ key: numberOf(key) })}
        />
      )}
    </div>
  );
}

function counted(count = 1): string[][] {
  return Array.from({ length: count }, (_, at) => [`${at}`, `${at}`]);
}

interface PickProps {
  readonly label: string;
  readonly value: string;
  readonly choices: readonly (readonly string[])[];
  readonly isShort?: boolean;
  set(value: string): void;
}

function Pick({ label, value, choices, isShort = false, set }: PickProps) {
  const id = `place-${label.replace(" ", "-")}`;
  return (
    <div class={`field ${isShort ? "field-number" : ""}`}>
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => set(event.currentTarget.value)}>
        {choices.map(([one, text]) => (
          <option key={one} value={one}>
            {text}
          </option>
        ))}
      </select>
    </div>
  );
}

function Acts({ place }: { readonly place: Place }) {
  const { here, explorer } = usePage();
  const { other } = explorer.desk.value;
  const isEdge = place.part === "edge";
  return (
    <div class="acts">
      <ActRow act="ablate" label="Ablate" note={isEdge ? "cut the edge" : "set to zero"} />
      <ActRow act="scale" label="Scale" note="weaken or strengthen, by a slider" />
      {!isEdge && (
        <ActRow act="steer" label="Steer">
          <Text name="toward" placeholder="to, such as Anna" label="Steer to" />
          <Text name="from" placeholder="from, such as John" label="Steer from" />
        </ActRow>
      )}
      {!isEdge && (
        <ActRow act="patch" label="Patch">
          <Text
            name="source"
            placeholder={other === "" ? "from another prompt" : `from: ${other}`}
            label="Patch from"
          />
        </ActRow>
      )}
      {place.position !== undefined && (
        <ActRow act="swap" label="Swap">
          <Text name="token" placeholder="the token here for another" label="Swap for" />
        </ActRow>
      )}
      {here.problem.value && (
        <p class="problem" role="alert">
          {here.problem.value}
        </p>
      )}
    </div>
  );
}

interface ActRowProps {
  readonly act: Act;
  readonly label: string;
  readonly note?: string;
  readonly children?: preact.ComponentChildren;
}

function ActRow({ act, label, note, children }: ActRowProps) {
  const { here } = usePage();
  return (
    <form
      class="act"
      onSubmit={(event) => {
        event.preventDefault();
        void here.act(act);
      }}
    >
      <button type="submit">{label}</button>
      <div>{children ?? <span class="hint">{note}</span>}</div>
    </form>
  );
}

function Text({
  name,
  placeholder,
  label,
}: {
  readonly name: keyof Words;
  readonly placeholder: string;
  readonly label: string;
}) {
  const { here } = usePage();
  return (
    <input
      aria-label={label}
      placeholder={placeholder}
      spellcheck={false}
      value={here.words.value[name]}
      onInput={(event) => {
        here.words.value = { ...here.words.value, [name]: event.currentTarget.value };
      }}
    />
  );
}
