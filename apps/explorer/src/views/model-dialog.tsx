/** Choosing a model: those that are there, or one by its name, loaded with progress. */
import type { RefObject } from "preact";
import { useState } from "preact/hooks";
import type { ModelSummary } from "../api/api.js";
import { usePage } from "./context.js";
import { CloseIcon } from "./icons.js";
import { ProgressLine } from "./progress-line.js";
import { shortName } from "./short-name.js";

export function ModelDialog({ dialog }: { readonly dialog: RefObject<HTMLDialogElement | null> }) {
  const { explorer } = usePage();
  const [source, setSource] = useState("");
  const close = () => dialog.current?.close();
  const open = async (model: ModelSummary) => {
    if (model.loaded) explorer.choose(model);
    else await explorer.load(model.source);
    if (explorer.problem.value === undefined) close();
  };
  const load = async (event: Event) => {
    event.preventDefault();
    if (source.trim() === "") return;
    await explorer.load(source.trim());
    if (explorer.model.value?.source === source.trim()) close();
  };
  const current = explorer.model.value?.id;
  const going = explorer.going.value;
  const isLoading = going?.what.startsWith("Loading");
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="models-title">
      <div class="dialog-head">
        <h2 id="models-title">Models</h2>
        <button type="button" class="plain" aria-label="Close" onClick={close}>
          <CloseIcon />
        </button>
      </div>
      <ul class="models">
        {explorer.models.value.map((model) => (
          <li key={model.id}>
            <button
              type="button"
              aria-pressed={model.id === current}
              onClick={() => void open(model)}
            >
              <strong title={model.source}>{shortName(model.name)}</strong>
              <span>
                {model.layers > 0
                  ? `${model.family}, ${model.layers} layers of ${model.heads} heads, ${model.vocabulary.toLocaleString("en")} tokens`
                  : model.source}
                {model.loaded ? "" : " · not loaded yet"}
              </span>
            </button>
          </li>
        ))}
      </ul>
      <form onSubmit={(event) => void load(event)}>
        <label class="field">
          <span>Another one</span>
          <input
            value={source}
            placeholder="a folder, or a hub id such as Xenova/llama2.c-stories15M"
            spellcheck={false}
            onInput={(event) => setSource(event.currentTarget.value)}
          />
        </label>
        <div class="row">
          <button type="submit" class="go" disabled={source.trim() === "" || isLoading}>
            Load
          </button>
          <p class="hint">What is not on this machine is downloaded, where the server may.</p>
        </div>
        {isLoading && <ProgressLine />}
        {!isLoading && explorer.problem.value && (
          <p class="problem" role="alert">
            {explorer.problem.value}
          </p>
        )}
      </form>
    </dialog>
  );
}
