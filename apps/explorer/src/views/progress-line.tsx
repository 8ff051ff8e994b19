/** How far the work has come, and the way to stop it. */
import { usePage } from "./context.js";

export function ProgressLine() {
  const { explorer } = usePage();
  const going = explorer.going.value;
  if (!going) return null;
  const { what, progress, cancel } = going;
  const share = progress && progress.total > 0 ? progress.done / progress.total : undefined;
  return (
    <div class="progress" role="status">
      <progress aria-label={what} value={share} />
      <span>
        {what}
        {progress ? `, ${progress.stage}` : ""}
        {share === undefined ? "" : ` ${Math.floor(share * 100)} %`}
      </span>
      <button type="button" class="quiet" onClick={cancel}>
        Cancel
      </button>
    </div>
  );
}
