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
  const tokens = explorer.tokens.value;
  const hasHead = place.part === "head" || place.part === "edge";
  const number = (label: string, value: number, most: number, set: (value: number) => void) => (
    <label class="field field-number">
      <span>{label}</span>
      <select value={String(value)} onChange={(event) => set(Number(event.currentTarget.value))}>
        {Array.from({ length: most }, (_, at) => (
          <option key={`${at}`}>{at}</option>
        ))}
      </select>
    </label>
  );
  const position = (
    label: string,
    value: number | undefined,
    set: (value: number | undefined) => void,
  ) => (
    <label class="field">
      <span>{label}</span>
      <select
        value={value === undefined ? "" : String(value)}
        onChange={(event) =>
          set(event.currentTarget.value === "" ? undefined : Number(event.currentTarget.value))
        }
      >
        <option value="">everywhere</option>
        {tokens.map(({ text, position: at }) => (
          <option key={at} value={String(at)}>
            {at} {visibleToken(text)}
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <div class="fields place">
      <label class="field">
        <span>what</span>
        <select
          value={place.part}
          onChange={(event) => here.at({ part: event.currentTarget.value as Part })}
        >
          {Object.entries(parts).map(([part, text]) => (
            <option key={part} value={part}>
              {text}
            </option>
          ))}
        </select>
      </label>
      {number("layer", place.layer, model?.layers ?? 1, (layer) => here.at({ layer }))}
      {hasHead && number("head", place.head ?? 0, model?.heads ?? 1, (head) => here.at({ head }))}
      {position(place.part === "edge" ? "from" : "at", place.position, (at) =>
        here.at({ position: at }),
      )}
      {place.part === "edge" && position("looking at", place.key, (key) => here.at({ key }))}
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
