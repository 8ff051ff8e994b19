/** The page's head: whose model is open, undo and redo, the theme. */
import { useRef } from "preact/hooks";
import { canRedo, canUndo } from "../timeline/timeline.js";
import { usePage } from "./context.js";
import { DownIcon, RedoIcon, ThemeIcon, UndoIcon } from "./icons.js";
import { ModelDialog } from "./model-dialog.js";
import { shortName } from "./short-name.js";
import { switchTheme, theme } from "./theme.js";

export function TopBar() {
  const { explorer } = usePage();
  const dialog = useRef<HTMLDialogElement>(null);
  const model = explorer.model.value;
  const history = explorer.history.value;
  const other = theme.value === "dark" ? "light" : "dark";
  return (
    <header class="top">
      <h1 class="word">
        mlxterp <span>explorer</span>
      </h1>
      <button
        type="button"
        class="model"
        aria-haspopup="dialog"
        onClick={() => dialog.current?.showModal()}
      >
        {model ? (
          <>
            <strong title={model.source}>{shortName(model.name)}</strong>
            <span class="facts">
              {model.family}, {model.layers} layers of {model.heads} heads, {model.hidden} wide
            </span>
          </>
        ) : (
          <strong>Choose a model</strong>
        )}
        <DownIcon />
      </button>
      <div class="tools">
        <button
          type="button"
          class="plain"
          title="Undo (Ctrl+Z)"
          aria-label="Undo"
          disabled={!canUndo(history)}
          onClick={() => explorer.undo()}
        >
          <UndoIcon />
        </button>
        <button
          type="button"
          class="plain"
          title="Redo (Ctrl+Shift+Z)"
          aria-label="Redo"
          disabled={!canRedo(history)}
          onClick={() => explorer.redo()}
        >
          <RedoIcon />
        </button>
        <button
          type="button"
          class="plain"
          title={`Change to ${other}`}
          aria-label={`Change to ${other}`}
          onClick={switchTheme}
        >
          <ThemeIcon />
        </button>
      </div>
      <ModelDialog dialog={dialog} />
    </header>
  );
}
